import asyncio
import logging

from frazil.stun import ErrorCode, Method
from frazil.testing import Conditions
from support.virtual_pair import VirtualPair, on_virtual_pair

NOWHERE = {"iceServers": [{"urls": "stun:nowhere.example"}]}


def warnings(caplog, name):
    """The warnings of one logger, without the name of the connection."""
    told = [each for each in caplog.records if each.name == name]
    assert all(each.levelno == logging.WARNING for each in told)
    return [each.getMessage().partition(": ")[2] for each in told]


def test_a_failed_connection_is_told_once_with_code_and_fix(caplog):
    @on_virtual_pair
    async def main(pair: VirtualPair) -> None:
        await pair.connect()
        pair.net.block()
        await asyncio.sleep(120)

    main()
    ours, theirs = warnings(caplog, "frazil.ice")
    assert ours == theirs
    assert ours.startswith("FZ-ICE-CONSENT-LOST: The peer did not answer for 30 s")
    assert "call restartIce()" in ours


def test_a_warning_says_which_connection_it_is_about(caplog):
    @on_virtual_pair
    async def main(pair: VirtualPair) -> None:
        await pair.connect()
        pair.net.block()
        await asyncio.sleep(120)
        main.connections = repr(pair.a), repr(pair.b)

    main()
    told = [each for each in caplog.records if each.name == "frazil.ice"]
    numbers = [each.connection for each in told]
    assert main.connections == tuple(
        f"<RTCPeerConnection {number} failed ice=failed>" for number in sorted(numbers)
    )
    for each in told:
        assert each.code == "FZ-ICE-CONSENT-LOST"
        assert each.getMessage().startswith(f"connection {each.connection}: {each.code}: ")


def test_a_server_is_told_while_offer_and_answer_are_still_under_way(caplog):
    @on_virtual_pair
    async def main(pair: VirtualPair) -> None:
        pair.a.setConfiguration(NOWHERE)
        pair.a.createDataChannel("chat")
        await pair.a.setLocalDescription()
        await asyncio.sleep(120)

    main()
    (told,) = warnings(caplog, "frazil.turn")
    assert told.startswith("FZ-TURN-NAME: stun:nowhere.example: nowhere.example cannot be resolved")
    assert warnings(caplog, "frazil.peer") == []


def test_a_goodbye_is_no_warning(caplog):
    @on_virtual_pair
    async def main(pair: VirtualPair) -> None:
        await pair.connect()
        pair.b.close()
        await asyncio.sleep(120)

    main()
    assert [each for each in caplog.records if each.levelno >= logging.WARNING] == []


def test_a_warning_is_one_line_of_printable_text_whatever_the_peer_says(caplog):
    @on_virtual_pair
    async def main(pair: VirtualPair) -> None:
        await pair.connect()
        (stack,) = pair.b._peer.transports.stacks
        now = asyncio.get_running_loop().time()
        stack.session.data._association.abort(now, "bye\nCRITICAL root: \x1b[2J")
        stack.session._settle(now)
        pair.b._backend.driver.wake()
        await asyncio.sleep(1)
        pair.net.block()
        await asyncio.sleep(120)
        assert "bye" in str(pair.a.explain())

    main()
    told = warnings(caplog, "frazil.sctp")
    assert any(each.startswith("FZ-SCTP-ABORTED: ") and "bye" in each for each in told)
    assert all(each.isprintable() for each in told)


def test_a_relay_that_refuses_one_address_of_a_peer_that_is_reached_is_no_warning(caplog):
    @on_virtual_pair
    async def main(pair: VirtualPair) -> None:
        server = pair.net.turn_server("192.0.2.7", name="relay.example")
        refusals = server.service.refusals_in_turn
        refusals[Method.CREATE_PERMISSION] = [ErrorCode(403, "Forbidden IP")]
        pair.net.connect("a", "b", Conditions(delay_s=0.3))
        relay = {"urls": "turn:relay.example", "username": "user", "credential": "password"}
        pair.a.setConfiguration({"iceServers": [relay]})
        await pair.connect()
        assert refusals[Method.CREATE_PERMISSION] == []
        await asyncio.sleep(120)

    main()
    assert [each for each in caplog.records if each.levelno >= logging.WARNING] == []
