import asyncio

import pytest

from frazil import RTCPeerConnection
from frazil.w3c.census import Census
from frazil.w3c.peerconnection import CENSUS


def test_listeners_hear_of_newcomers_until_they_are_forgotten():
    census, heard, other = Census(), [], []
    census.listen(heard.append)
    census.announce(1)
    census.listen(other.append)
    census.announce(2)
    census.forget(heard.append)
    census.announce(3)
    assert (heard, other) == ([1, 2], [2, 3])


def test_who_does_not_listen_cannot_be_forgotten():
    with pytest.raises(ValueError, match="not in list"):
        Census().forget(print)


def test_a_listener_may_leave_while_it_is_told():
    census, heard = Census(), []

    def once(newcomer):
        heard.append(newcomer)
        census.forget(once)

    census.listen(once)
    census.listen(heard.append)
    census.announce("x")
    census.announce("y")
    assert heard == ["x", "x", "y"]


def test_a_connection_is_announced_new_and_whole():
    heard = []

    def look(pc):
        heard.append((pc, pc.connectionState, pc.getConfiguration()["iceTransportPolicy"]))

    async def main():
        CENSUS.listen(look)
        try:
            async with RTCPeerConnection({"iceTransportPolicy": "relay"}) as pc:
                assert heard == [(pc, "new", "relay")]
        finally:
            CENSUS.forget(look)
        async with RTCPeerConnection():
            assert len(heard) == 1

    asyncio.run(main())
