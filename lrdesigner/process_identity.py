"""Which process something belongs to, told so that a later process with the same number is not taken for it."""

from __future__ import annotations

import os
import sys

UNKNOWN_START = "0"
"""Where the system does not tell when a process started."""

_STATE, _STARTED = 0, 19
"""Places among the fields that follow the name in `/proc/PID/stat`."""


def process_start(pid: int) -> str:
    """When a process started, in the system's own ticks; `UNKNOWN_START` where only Linux would tell, or it is gone."""
    fields = _fields(pid)
    return fields[_STARTED] if fields else UNKNOWN_START


def process_lives(pid: int, started: str = UNKNOWN_START) -> bool:
    """Whether the process with this number that started then is still there.

    Where the start is unknown, a later process with the same number counts as it.
    """
    if not _exists(pid):
        return False
    fields = _fields(pid)
    if not fields or started == UNKNOWN_START:
        return True
    ended = fields[_STATE] in "ZX"  # over, but its parent has not asked how it went
    return fields[_STARTED] == started and not ended


def _fields(pid: int) -> list[str]:
    """What Linux tells about a process, from its state on; nothing elsewhere, or when it is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            # The name stands in brackets and may hold anything, brackets and spaces too.
            fields = file.read().decode(errors="replace").rpartition(")")[2].split()
    except OSError:
        return []
    return fields if len(fields) > _STARTED else []


def _exists(pid: int) -> bool:
    if sys.platform == "win32":
        return _exists_on_windows(pid)
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def _exists_on_windows(pid: int) -> bool:  # pragma: no cover - for Windows only
    import ctypes

    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009 - the name is unknown to type checkers elsewhere
    handle = kernel.OpenProcess(0x1000, False, pid)
    if not handle:
        return False
    code = ctypes.c_ulong()
    kernel.GetExitCodeProcess(handle, ctypes.byref(code))
    kernel.CloseHandle(handle)
    return code.value == 259  # STILL_ACTIVE
