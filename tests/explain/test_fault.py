"""Each fault has its name told first; ``python -m explain`` adds many healthy sessions."""

import pytest

from explain.fault import FAULTS, Fault
from frazil.explain import FINDINGS
from support.scenario import Stage

CASES = [
    pytest.param(each, id=each.name, marks=[pytest.mark.interpreted] if each.is_patched else [])
    for each in FAULTS
]


@pytest.mark.parametrize("fault", CASES)
def test_the_right_cause_comes_first(fault: Fault):
    stage = Stage()
    stage.expected_refusals = True

    async def main() -> None:
        peer = await fault.play(stage)
        report = peer.pc.explain()
        assert report.codes[:1] == (fault.code,), f"{report}"
        assert report.findings[0].evidence or fault.code in ("FZ-SIG-NONE", "FZ-API-CLOSED")

    stage.play(main, {})


def test_every_finding_has_a_fault():
    assert set(FINDINGS) - {each.code for each in FAULTS} == set()
