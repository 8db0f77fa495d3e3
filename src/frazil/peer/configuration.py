"""RTCConfiguration, validated (webrtc-pc 4.2.1 and "set the configuration")."""

from dataclasses import dataclass
from enum import StrEnum

from frazil.dtls import Certificate
from frazil.errors import InvalidModificationError, NotSupportedError
from frazil.ice import AgentTraits
from frazil.peer.ice_server import IceServer


class IceTransportPolicy(StrEnum):
    """webrtc-pc, RTCIceTransportPolicy."""

    RELAY = "relay"
    ALL = "all"


class BundlePolicy(StrEnum):
    """webrtc-pc, RTCBundlePolicy."""

    BALANCED = "balanced"
    MAX_COMPAT = "max-compat"
    MAX_BUNDLE = "max-bundle"


class RtcpMuxPolicy(StrEnum):
    """webrtc-pc, RTCRtcpMuxPolicy."""

    REQUIRE = "require"


@dataclass(slots=True, unsafe_hash=True)
class Configuration:
    """webrtc-pc, RTCConfiguration.

    Attributes:
        ice_servers: Used from the next gathering on.
        ice_transport_policy: Which candidates may be used, from the next gathering on.
        bundle_policy: How many transports an offer has before the peer has said what it bundles.
        rtcp_mux_policy: RTP and RTCP share a transport.
        certificates: The certificates to choose from; empty means one is made.
        ice_candidate_pool_size: How many transports gather before there is a description.
    """

    ice_servers: tuple[IceServer, ...] = ()
    ice_transport_policy: IceTransportPolicy = IceTransportPolicy.ALL
    bundle_policy: BundlePolicy = BundlePolicy.BALANCED
    rtcp_mux_policy: RtcpMuxPolicy = RtcpMuxPolicy.REQUIRE
    certificates: tuple[Certificate, ...] = ()
    ice_candidate_pool_size: int = 0

    @property
    def sources(self) -> tuple[object, ...]:
        """Where candidates come from: policy and servers, whatever the credentials for those."""
        servers = {url for server in self.ice_servers for url in server.urls}
        return self.ice_transport_policy, frozenset(servers)

    def check_traits(self, traits: AgentTraits) -> None:
        """Accept an ICE agent with these traits.

        Raises:
            NotSupportedError: If it is lite, and so without anything but host candidates, while
                servers or relays are asked for.
        """
        if not traits.is_lite:
            return
        if self.ice_servers:
            raise NotSupportedError("a lite ICE agent has host candidates only: no iceServers")
        if self.ice_transport_policy is IceTransportPolicy.RELAY:
            raise NotSupportedError("a lite ICE agent has no relays: no iceTransportPolicy 'relay'")

    def check_change(self, changed: "Configuration", *, has_local_description: bool) -> None:
        """Accept ``changed`` as the successor of this configuration.

        Members that are left out have their defaults and so count as changed back.

        Raises:
            InvalidModificationError: If a member changes that must stay.
        """
        same_certificates = len(self.certificates) == len(changed.certificates) and all(
            ours is theirs
            for ours, theirs in zip(self.certificates, changed.certificates, strict=True)
        )
        self._require(same_certificates, "certificates")
        self._require(self.bundle_policy is changed.bundle_policy, "bundlePolicy")
        self._require(self.rtcp_mux_policy is changed.rtcp_mux_policy, "rtcpMuxPolicy")
        if has_local_description:
            same_size = self.ice_candidate_pool_size == changed.ice_candidate_pool_size
            self._require(same_size, "iceCandidatePoolSize")

    @staticmethod
    def _require(unchanged: bool, member: str) -> None:
        if not unchanged:
            raise InvalidModificationError(
                f"{member} cannot change; pass getConfiguration() with only iceServers or "
                "iceTransportPolicy replaced"
            )
