"""Why is it failed? What a trace says about the cause, and what to do about it.

Rules look at the records of one connection, and at nothing else, so that a file explains as well as
a living connection. What they may say stands in one table: ``FINDINGS``.
"""

from frazil.explain.catalogue import FINDINGS
from frazil.explain.engine import explain
from frazil.explain.finding import Finding, FindingKind, Report

__all__ = ["FINDINGS", "Finding", "FindingKind", "Report", "explain"]
