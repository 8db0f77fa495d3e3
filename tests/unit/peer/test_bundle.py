import pytest

from frazil.peer.bundle import Member, answer_groups, bundle_tags, offer_bundle, tagged
from frazil.peer.configuration import BundlePolicy
from frazil.sdp import MediaDescription, Origin, SessionDescription

KINDS = ("audio", "audio", "video", "video", "application")


def members(*kinds: str, transports: tuple[str | None, ...] = ()) -> list[Member]:
    given = (*transports, *(None for _ in kinds))
    return [Member(str(at), kind, given[at]) for at, kind in enumerate(kinds)]


def description(*groups: str, ports: tuple[int, ...] = (9, 9, 9)) -> SessionDescription:
    media = tuple(
        MediaDescription(kind="audio", port=port, protocol="x", formats=("0",), mid=str(at))
        for at, port in enumerate(ports)
    )
    return SessionDescription(
        origin=Origin(1, 1), bundle_groups=tuple(tuple(g) for g in groups), media=media
    )


@pytest.mark.parametrize(
    ("policy", "bundle_only"),
    [
        (BundlePolicy.BALANCED, "13"),
        (BundlePolicy.MAX_COMPAT, ""),
        (BundlePolicy.MAX_BUNDLE, "1234"),
    ],
)
def test_first_offer_has_transports_by_policy(policy: BundlePolicy, bundle_only: str) -> None:
    found = offer_bundle(members(*KINDS), policy, is_bundling=False)
    assert found.groups == (("0", "1", "2", "3", "4"),)
    assert found.bundle_only == set(bundle_only)


@pytest.mark.parametrize("policy", list(BundlePolicy))
def test_new_sections_join_a_group_that_the_peer_has_accepted(policy: BundlePolicy) -> None:
    found = offer_bundle(members(*KINDS, transports=("0", "0")), policy, is_bundling=True)
    assert found.groups == (("0", "1", "2", "3", "4"),)
    assert found.bundle_only == set("234")


def test_recycled_section_stands_behind_those_that_the_peer_has_accepted() -> None:
    found = offer_bundle(
        members("audio", "video", "application", transports=("0", None, "0")),
        BundlePolicy.BALANCED,
        is_bundling=True,
    )
    assert found.groups == (("0", "2", "1"),)
    assert found.bundle_only == {"1"}


def test_sections_of_different_transports_are_not_offered_as_one_group() -> None:
    found = offer_bundle(
        members("audio", "video", "audio", "application", transports=("0", "1", "1")),
        BundlePolicy.MAX_COMPAT,
        is_bundling=False,
    )
    assert found.groups == (("0", "3"), ("1", "2"))
    assert found.bundle_only == set()


def test_transport_alone_among_several_is_no_group() -> None:
    found = offer_bundle(
        members("audio", "video", transports=("0", "1")), BundlePolicy.BALANCED, is_bundling=False
    )
    assert found.groups == ()


def test_nothing_to_offer_is_no_group() -> None:
    assert offer_bundle([], BundlePolicy.BALANCED, is_bundling=False).groups == ()


def test_tag_is_the_first_of_the_group_that_is_not_rejected() -> None:
    assert bundle_tags(description("012")) == [0, 0, 0]
    assert bundle_tags(description("210")) == [2, 2, 2]
    assert bundle_tags(description("012", ports=(0, 9, 9))) == [None, 1, 1]
    assert bundle_tags(description("02")) == [0, 1, 0]
    assert bundle_tags(description()) == [0, 1, 2]


def test_sections_by_transport_have_the_tag_first() -> None:
    model = description("20")
    assert tagged(model, bundle_tags(model)) == {1: ["1"], 2: ["2", "0"]}


def test_answer_leaves_out_what_it_refuses_and_what_is_on_another_transport() -> None:
    offer = description("012")
    on: dict[str, str | None] = {}
    assert answer_groups(offer, lambda at: True, on.get) == (("0", "1", "2"),)
    assert answer_groups(offer, lambda at: at != 0, on.get) == (("1", "2"),)
    assert answer_groups(offer, lambda at: False, on.get) == ()
    on |= {"1": "b"}
    assert answer_groups(offer, lambda at: True, on.get) == (("0", "1", "2"),)
    on |= {"0": "a"}
    assert answer_groups(offer, lambda at: True, on.get) == (("0", "2"),)
