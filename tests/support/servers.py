"""The STUN server and the TURN server, by UDP, TCP and TLS, that peers of a scenario may use."""

from typing import Final

from frazil.testing import StunServer, TurnServer
from support.scenario import Stage
from support.turn_stream_server import TurnStreamServer

STUN_AT: Final = "192.0.2.1"
TURN_AT: Final = "192.0.2.7"
STUN: Final = {"urls": "stun:stun.example"}
TURN: Final = {
    "urls": [
        "turn:turn.example",
        "turn:turn.example?transport=tcp",
        "turns:turn.example:443",
    ],
    "username": "user",
    "credential": "password",
}


async def serve(stage: Stage) -> tuple[StunServer, TurnServer]:
    """Start all of them; they end with the stage."""
    stun = stage.net.stun_server(STUN_AT, name="stun.example")
    turn = stage.net.turn_server(TURN_AT, name="turn.example")
    for port, name in ((3478, None), (443, "turn.example")):
        stream_server = await TurnStreamServer.start(turn.host, port, certificate_name=name)
        stage.closing.append(stream_server.close)
    return stun, turn
