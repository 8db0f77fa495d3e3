import pytest

from frazil.dashboard import listing as module
from frazil.dashboard.identity import id_of
from frazil.dashboard.listing import Listing, Window
from frazil.dashboard.recording import read_recording
from frazil.dashboard.row import Row
from frazil.testing import VirtualLoop
from frazil.w3c.census import Census


class Connection:
    def __init__(self, state="new"):
        self.connectionState = state


@pytest.fixture
def loop():
    loop = VirtualLoop()
    yield loop
    loop.close()


@pytest.fixture
def made(monkeypatch):
    """The numbers of the rows that were made."""
    numbers = []

    def row_of(entry, connection):
        numbers.append(entry.number)
        state = connection.connectionState
        return Row(id_of(entry.number), "", state, None, "", "", None)

    monkeypatch.setattr(module, "row_of", row_of)
    return numbers


def fill(loop, *states):
    census = Census()
    connections = [Connection(each) for each in states]
    for each in connections:
        census.enter(each, loop)
    return Listing(census, {}), connections


def ids(answer):
    return [row["id"] for row in answer["rows"]]


def test_the_newest_comes_first(loop, made):
    listing, connections = fill(loop, "new", "connected", "failed")
    answer = listing.look(Window())
    assert answer["ids"] == ids(answer) == [id_of(3), id_of(2), id_of(1)]
    assert answer["total"] == len(connections)
    assert answer["counts"] == {"new": 1, "connected": 1, "failed": 1}


def test_only_what_changed_is_sent(loop, made):
    listing, connections = fill(loop, "new", "new", "new")
    version = listing.look(Window())["version"]
    assert listing.look(Window(version=version))["rows"] == []
    connections[1].connectionState = "failed"
    answer = listing.look(Window(version=version))
    assert answer["rows"] == [
        {
            "id": id_of(2),
            "name": "",
            "state": "failed",
            "since": None,
            "why": "",
            "pair": "",
            "rtt_s": None,
        }
    ]
    assert listing.look(Window(version=answer["version"]))["rows"] == []
    assert ids(listing.look(Window(version=0))) == [id_of(3), id_of(2), id_of(1)]


def test_two_pages_do_not_take_changes_from_each_other(loop, made):
    listing, connections = fill(loop, "new")
    version = listing.look(Window())["version"]
    connections[0].connectionState = "failed"
    assert ids(listing.look(Window(version=version))) == [id_of(1)]
    assert ids(listing.look(Window(version=version))) == [id_of(1)]


def test_of_five_hundred_only_the_window_is_made_and_sent(loop, made):
    listing, connections = fill(loop, *["connected"] * 500)
    answer = listing.look(Window(first=100, length=25))
    assert answer["ids"] == ids(answer) == [id_of(number) for number in range(400, 375, -1)]
    assert len(made) == 25
    assert answer["total"] == len(connections)
    assert len(listing.look(Window(length=10_000))["ids"]) == module.MAX_WINDOW


@pytest.mark.parametrize("first", [3, 10**15])
def test_beyond_the_end_there_is_nothing(loop, made, first):
    listing, connections = fill(loop, "new", "new", "new")
    answer = listing.look(Window(first=first))
    assert (answer["ids"], answer["rows"], answer["total"]) == ([], [], len(connections))


def test_one_state_only(loop, made):
    listing, connections = fill(loop, "failed", "new", "failed")
    answer = listing.look(Window(state="failed"))
    assert (answer["ids"], answer["total"]) == ([id_of(3), id_of(1)], 2)
    assert answer["counts"] == {"failed": 2, "new": 1}
    assert listing.look(Window(state="unheard-of"))["ids"] == []
    assert len(connections) == 3


def test_rows_of_connections_that_are_gone_are_forgotten(loop, made):
    listing, connections = fill(loop, *["new"] * 3)
    listing.look(Window())
    assert len(listing._rows) == 3
    del connections[1:]
    assert listing.look(Window())["ids"] == [id_of(1)]
    assert len(listing._rows) == 1


def test_a_filter_does_not_forget_the_others(loop, made):
    listing, connections = fill(loop, "new", "failed")
    version = listing.look(Window())["version"]
    listing.look(Window(state="failed"))
    assert listing.look(Window(version=version))["rows"] == []
    assert len(connections) == 2


def test_recordings_come_first(loop, made):
    lines = ['[1.0, "ice", "pair-conceded", "0", "a->b"]']
    census = Census()
    connection = Connection()
    census.enter(connection, loop)
    listing = Listing(census, {"file-1": read_recording("a.jsonl", lines)})
    assert listing.look(Window())["ids"] == ["file-1", id_of(1)]
    assert connection.connectionState == "new"
