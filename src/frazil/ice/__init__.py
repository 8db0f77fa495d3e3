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
    AddressesNeeded,
    CandidateError,
    CandidateGathered,
    CandidatesEnded,
    CandidatesLost,
    GatheringStateChanged,
    IceEvent,
    IceTransportChanged,
    NameFound,
    NominationProposed,
    PairAdded,
    PairRemoved,
    RoleChanged,
    SelectedPair,
)
from frazil.ice.generation import Generation
from frazil.ice.local_end import LocalEnd
from frazil.ice.pair import CandidatePair, PairKey, PairState
from frazil.ice.passage import Passage
from frazil.ice.policy import DEFAULT_POLICY, CandidateFilter, IcePolicy, Renomination
from frazil.ice.query import SERVER_UNREACHABLE, reflexive_address
from frazil.ice.stream import RTCP, RTP, ComponentEvent, IceStream
from frazil.ice.traffic import Traffic
from frazil.ice.traits import UNKNOWN_TRAITS, AgentTraits

__all__ = [
    "ACTIVE_PORT",
    "DEFAULT_POLICY",
    "OPEN",
    "RTCP",
    "RTP",
    "SERVER_UNREACHABLE",
    "UNKNOWN_TRAITS",
    "AddressesNeeded",
    "AgentTraits",
    "Candidate",
    "CandidateError",
    "CandidateFilter",
    "CandidateGathered",
    "CandidatePair",
    "CandidateProtocol",
    "CandidateSyntaxError",
    "CandidateType",
    "CandidatesEnded",
    "CandidatesLost",
    "ComponentEvent",
    "Credentials",
    "Disclosure",
    "GatheringStateChanged",
    "Generation",
    "IceAgent",
    "IceConfig",
    "IceEvent",
    "IcePolicy",
    "IceStream",
    "IceTransportChanged",
    "LocalEnd",
    "NameFound",
    "NominationProposed",
    "PairAdded",
    "PairKey",
    "PairRemoved",
    "PairState",
    "Passage",
    "Renomination",
    "RoleChanged",
    "SelectedPair",
    "TcpType",
    "Traffic",
    "concealed",
    "reflexive_address",
]
