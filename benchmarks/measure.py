"""Take the time and the memory of one step, and set it beside a peer that did the same work in the same run."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MEGABYTE = 1024.0 * 1024.0
QUICK_S = 0.2


@dataclass(frozen=True)
class Cost:
    """What one call cost.

    Parameters
    ----------
    seconds : float
        CPU seconds of the process, the best of the repeats.
    megabytes : float
        Peak memory above what the process held before; nan where the system does not tell.
    """

    seconds: float
    megabytes: float


@dataclass(frozen=True)
class Row:
    """One line of the result.

    Parameters
    ----------
    step : str
        What was done, in the words of the public names.
    count : int
        How many of ``things`` it was done to.
    things : str
        What is counted.
    cost : Cost
        Of gridgeo.
    peer : str
        Who else did the same work in the same run; empty when nobody does.
    peer_cost : Cost or None
    note : str
        What the result is worth, such as the share of grids inside the band.
    """

    step: str
    count: int
    things: str
    cost: Cost
    peer: str = ""
    peer_cost: Cost | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """Give how many times as long the peer took; above 1 gridgeo is quicker."""
        if self.peer_cost is None:
            return None
        return self.peer_cost.seconds / max(self.cost.seconds, 1e-9)


def _reset_peak() -> bool:
    """Let Linux count the peak of memory anew; tell whether it does."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return False
    return True


def _give_back() -> None:
    """Hand freed memory back to the system (GNU libc): what earlier steps left must not hide what this one takes."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def _memory(word: str) -> float:
    """Read a line of the process's status, in bytes: VmRSS is held now, VmHWM is the peak."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(word):
            return float(line.split()[1]) * 1024.0
    return float("nan")


def _memory_ever() -> float:
    """Give the peak since the process began, in bytes; all that systems other than Linux tell."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return float(peak) if sys.platform == "darwin" else peak * 1024.0


def limit_cpu(seconds: int) -> None:
    """Let the system stop this process (SIGXCPU) after so many more seconds of CPU."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + seconds, resource.RLIM_INFINITY))


def measure(work: Callable[[], Any]) -> tuple[Any, Cost]:
    """Do some work and take its cost; quick work is done three times and the quickest counts.

    Parameters
    ----------
    work : callable without arguments
        What is measured.

    Returns
    -------
    The last result of ``work``, and its Cost.
    """
    seconds, megabytes, result = [], [], None
    while not seconds or (len(seconds) < 3 and seconds[0] < QUICK_S):
        result = None
        _give_back()
        linux = _reset_peak()
        before = _memory("VmRSS") if linux else _memory_ever()
        began = time.process_time()
        result = work()
        seconds.append(time.process_time() - began)
        megabytes.append(max((_memory("VmHWM") if linux else _memory_ever()) - before, 0.0) / MEGABYTE)
    return result, Cost(min(seconds), max(megabytes))
