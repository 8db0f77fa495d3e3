"""What this host's network allows: interfaces, servers, NATs, relays, and what to do about it."""

from frazil.doctor.behaviour import Behaviour, popular_name
from frazil.doctor.examination import Examination, Options
from frazil.doctor.finding import Finding, Level
from frazil.doctor.judgement import judge
from frazil.doctor.report import (
    InterfaceReport,
    Knock,
    NatReport,
    RelayReport,
    Report,
    ServerReport,
    Step,
    StepName,
    StunReport,
)
from frazil.doctor.surrounding import Surrounding

__all__ = [
    "Behaviour",
    "Examination",
    "Finding",
    "InterfaceReport",
    "Knock",
    "Level",
    "NatReport",
    "Options",
    "RelayReport",
    "Report",
    "ServerReport",
    "Step",
    "StepName",
    "StunReport",
    "Surrounding",
    "judge",
    "popular_name",
]
