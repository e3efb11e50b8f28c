"""The build ladder: which way to build a model is tried next, and what is told when none works.

meta (shapes only) comes first. Some constructors need numbers: hybrid gives them those that they count with, cpu
builds really, under a bound on memory. fake claims to have a CUDA device where there is none. Each rung is a fresh
process, for what a failed build leaves behind could change the next.

>>> next_rung(())
'meta'
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from lrdesigner.jobs.protocol import Rung
from lrdesigner.jobs.reader import Outcome

HOPELESS = frozenset(
    ("ImportError", "ModuleNotFoundError", "SyntaxError", "IndentationError", "FileNotFoundError", "PermissionError")
)
"""Exceptions in a constructor that no other way of building can mend."""

_NO_CUDA = re.compile(r"not compiled with CUDA|Found no NVIDIA driver|No CUDA GPUs|no CUDA-capable device", re.I)
_META = re.compile(r"\bmeta\b", re.I)


class Attempt(Struct, frozen=True):
    """One way that was tried, and how it ended."""

    rung: Rung
    outcome: Outcome


def next_rung(tried: Sequence[Attempt]) -> Rung | None:
    """The way to try after these; None when one worked or none is left that could.

    Only what a constructor raised leads on: not a crash, a time limit, a wrong argument or a call of exit().
    """
    if not tried:
        return "meta"
    last, outcome = tried[-1].rung, tried[-1].outcome
    failure = outcome.failure
    if outcome.state != "failed" or failure is None or not failure.building or failure.error in HOPELESS:
        return None
    if _lacked_memory(outcome):
        return None
    if last == "meta" and _NO_CUDA.search(failure.message):
        return "fake"
    # torch names meta in whatever it says about numbers that are not there.
    if last == "meta" and _META.search(failure.message):
        return "hybrid"
    return None if last == "cpu" else "cpu"


def told(tried: Sequence[Attempt]) -> Outcome:
    """The outcome of all attempts together.

    When all failed it is the real build's, for the others fail of what a person's code has nothing to do with; but one
    that only lacked memory is told after the reason why it had to be tried.
    """
    last = tried[-1].outcome
    if last.succeeded or len(tried) == 1:
        return last
    first = tried[0].outcome
    if _lacked_memory(last):
        message = f"{first.message.rstrip('.')}; and really built, it did not fit: {last.message}"
        return replace(first, message=message)
    return first if tried[-1].rung == "fake" else last


def _lacked_memory(outcome: Outcome) -> bool:
    return outcome.failure is not None and "needs more memory than" in outcome.failure.message
