"""Who gets what comes from where: nobody takes an address away from who uses it."""

import pytest

from frazil.aio.claim import MAX_CLAIMANTS, MAX_HINTS, MAX_PATHS, Claims

R = ("203.0.113.1", 5000)
S = ("203.0.113.2", 5000)


@pytest.fixture
def claims() -> Claims[str]:
    return Claims()


def remotes(count):
    return [("203.0.113.9", 1000 + n) for n in range(count)]


def test_nobody_gets_what_nobody_expects(claims):
    assert claims.views(R) == []


def test_a_hint_and_a_path_are_reasons(claims):
    claims.hint("a", R)
    claims.add_path("b", R)
    claims.hint("b", R)
    assert claims.views(R) == ["b", "a"]
    assert claims.has_path("b", R)
    assert not claims.has_path("a", R)
    assert not claims.has_path("b", S)


def test_the_oldest_hints_give_way_and_paths_never(claims):
    claims.add_path("owner", R)
    claims.hint("owner", R)
    thieves = [f"thief {n}" for n in range(2 * MAX_CLAIMANTS)]
    for thief in thieves:
        claims.hint(thief, R)
    assert claims.views(R) == ["owner", *thieves[-MAX_CLAIMANTS:]]


def test_who_sends_data_leaves_the_hints_to_those_that_begin(claims):
    """Connections between the same two ports, one begun after the other."""
    views = [f"{n}" for n in range(3 * MAX_CLAIMANTS)]
    for view in views:
        claims.hint(view, R)
        claims.add_path(view, R)
    for view in views:
        claims.hint(view, R)
    assert claims.views(R) == views
    claims.hint("beginner", R)
    for view in views:
        claims.hint(view, R)
    assert claims.views(R) == [*views, "beginner"]
    for view in [*views, "beginner"]:
        claims.forget(view)
    assert len(claims) == 0


def test_a_view_has_so_many_hints_and_paths(claims):
    for remote in remotes(MAX_HINTS + 1):
        claims.hint("a", remote)
    for host, port in remotes(MAX_PATHS + 1):
        claims.add_path("a", (host, port - 100))
    assert len(claims) == MAX_HINTS + MAX_PATHS
    assert claims.views(remotes(1)[0]) == []
    assert claims.views(remotes(2)[1]) == ["a"]


def test_what_is_used_again_is_not_the_oldest(claims):
    many = remotes(MAX_PATHS)
    for remote in many:
        claims.add_path("a", remote)
    claims.add_path("a", many[0])
    claims.add_path("a", R)
    assert claims.has_path("a", many[0])
    assert not claims.has_path("a", many[1])


def test_nothing_is_left_of_a_view(claims):
    for remote in (R, S):
        claims.hint("a", remote)
        claims.add_path("a", remote)
        claims.hint("b", remote)
    claims.forget("a")
    claims.forget("never seen")
    assert claims.views(R) == ["b"]
    claims.forget("b")
    assert len(claims) == 0
