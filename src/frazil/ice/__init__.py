"""Interactive Connectivity Establishment (RFC 8445, 8838, 8421, 7675, 8863), sans-IO."""

from frazil.ice.agent import IceAgent
from frazil.ice.candidate import (
    ACTIVE_PORT,
    Candidate,
    CandidateProtocol,
    CandidateSyntaxError,
    CandidateType,
    TcpType,
)
from frazil.ice.config import IceConfig
from frazil.ice.credential import Credentials
from frazil.ice.disclosure import OPEN, Disclosure, concealed
from frazil.ice.event import (
    CandidateError,
    CandidateGathered,
    CandidatesEnded,
    GatheringStateChanged,
    IceEvent,
    IceTransportChanged,
    RoleChanged,
    SelectedPair,
)
from frazil.ice.generation import Generation
from frazil.ice.pair import CandidatePair, PairState
from frazil.ice.query import SERVER_UNREACHABLE
from frazil.ice.traffic import Traffic

__all__ = [
    "ACTIVE_PORT",
    "OPEN",
    "SERVER_UNREACHABLE",
    "Candidate",
    "CandidateError",
    "CandidateGathered",
    "CandidatePair",
    "CandidateProtocol",
    "CandidateSyntaxError",
    "CandidateType",
    "CandidatesEnded",
    "Credentials",
    "Disclosure",
    "GatheringStateChanged",
    "Generation",
    "IceAgent",
    "IceConfig",
    "IceEvent",
    "IceTransportChanged",
    "PairState",
    "RoleChanged",
    "SelectedPair",
    "TcpType",
    "Traffic",
    "concealed",
]
