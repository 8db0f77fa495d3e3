import asyncio
import logging

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
