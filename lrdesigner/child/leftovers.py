"""Processes that a job's code started and that left its process group: found by a mark in their environment.

Only Linux shows the environment of other processes; elsewhere a job ends with its process group alone.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys

MARK = "LRDESIGNER_JOB"
"""The variable whose value, another one for each job, a child and everything that it starts inherit."""
_MOST_ROUNDS = 20
_PR_SET_PDEATHSIG = 1


def end_leftovers(mark: str) -> None:
    """Kill every other process that carries this mark ("" is none), also those started meanwhile."""
    for _ in range(_MOST_ROUNDS):
        found = _marked(mark)
        if not found:
            return
        for pid in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)


def _marked(mark: str) -> list[int]:
    wanted = f"{MARK}={mark}".encode()
    others = [name for name in _names("/proc") if name.isdigit() and int(name) != os.getpid()] if mark else []
    return [int(name) for name in others if wanted in _environment(name)]


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _environment(pid: str) -> list[bytes]:
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return file.read().split(b"\0")
    except OSError:  # of another user, or gone; that of a dead one is empty
        return []


def end_with_parent() -> None:
    """Have Linux end the program that a model's code may put into the place of this process, once the parent is gone.

    This process itself notices by its pipe; of another program nobody would.
    """
    # Caught and not ignored: what is ignored stays so in another program, what is caught ends it.
    if sys.platform.startswith("linux"):
        signal.signal(signal.SIGHUP, lambda *_: None)
        _have_sent_with_parent(signal.SIGHUP)


def kill_with_parent() -> None:
    """Have Linux kill this process once its parent is gone, even while torch holds Python's lock for ever."""
    if sys.platform.startswith("linux"):
        _have_sent_with_parent(signal.SIGKILL)


def _have_sent_with_parent(number: int) -> None:
    import ctypes

    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, number)
