"""What the benchmarks ran on, and whether it had anything else to do."""

import os
import platform
import resource
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine, as far as it explains numbers."""

    date: str
    system: str
    python: str
    processor: str
    cores: int

    @classmethod
    def look(cls) -> "Machine":
        """This machine, now."""
        return cls(
            date=datetime.now(UTC).date().isoformat(),
            system=f"{platform.system()} {platform.release()}",
            python=f"{platform.python_implementation()} {platform.python_version()}",
            processor=_processor(),
            cores=os.cpu_count() or 1,
        )

    def __str__(self) -> str:
        hardware = f"{self.cores} × {self.processor}"
        return f"{self.date}, {self.system}, {hardware}, {self.python}"


class Watch:
    """Notices what other programs took of the processors (Linux only)."""

    def __init__(self) -> None:
        self._started = self._read()

    def busy_elsewhere(self) -> str:
        """One sentence on how many cores were busy for others; empty where nobody can tell."""
        before, now = self._started, self._read()
        if before is None or now is None:
            return ""
        at, busy_s, own_s = (b - a for a, b in zip(before, now, strict=True))
        cores = max(0.0, busy_s - own_s) / at
        warning = "; too noisy for conclusions" if cores > 0.2 else ""
        return f"Other programs kept {cores:.2f} cores busy{warning}."

    def _read(self) -> tuple[float, float, float] | None:
        try:
            fields = [int(one) for one in Path("/proc/stat").read_text().split()[1:9]]
        except OSError:
            return None
        user, nice, system, _, _, irq, softirq, steal = fields
        ticks = user + nice + system + irq + softirq + steal
        own = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        own_s = sum(one.ru_utime + one.ru_stime for one in own)
        return time.monotonic(), ticks / os.sysconf("SC_CLK_TCK"), own_s


def resident_bytes() -> int:
    """How much memory this process occupies.

    Raises:
        OSError: Not on Linux.
    """
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _processor() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
