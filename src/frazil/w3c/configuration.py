"""The configuration as ``getConfiguration`` shows it (webrtc-pc 4.2.1)."""

from typing import Any

from frazil.peer.configuration import Configuration
from frazil.peer.ice_server import IceServer


def to_dict(configuration: Configuration) -> dict[str, Any]:
    """The W3C dictionary with every member; ``setConfiguration`` takes it back."""
    return {
        "iceServers": [_server_to_dict(server) for server in configuration.ice_servers],
        "iceTransportPolicy": str(configuration.ice_transport_policy),
        "bundlePolicy": str(configuration.bundle_policy),
        "rtcpMuxPolicy": str(configuration.rtcp_mux_policy),
        "certificates": list(configuration.certificates),
        "iceCandidatePoolSize": configuration.ice_candidate_pool_size,
    }


def _server_to_dict(server: IceServer) -> dict[str, Any]:
    members: dict[str, Any] = {"urls": [url.url for url in server.urls]}
    if server.username is not None:
        members["username"] = server.username
    if server.credential is not None:
        members["credential"] = server.credential
    return members
