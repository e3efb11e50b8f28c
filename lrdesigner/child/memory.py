"""A bound on the memory that a build may take, so that a greedy constructor ends in an error and not in a frozen PC."""

from __future__ import annotations

import os
import re
from pathlib import Path

SHARE = 0.75
"""Of the memory that this machine, or this container, has."""
_LEAST = 2 * 1024**3
_WANT_OF_MEMORY = re.compile(r"out of memory|can't allocate memory|not enough memory|bad_alloc|cannot allocate", re.I)


def limit_memory(asked: int = 0) -> int:
    """Let this process take at most `asked` bytes more than it has (0: the usual share); the bound in bytes.

    0 where the system knows no such bound. Counted is what is writable and private, not mere reservations of address
    space, of which CUDA makes more than any machine has.
    """
    try:
        import resource
    except ImportError:  # Windows
        return 0
    limit = asked or max(int(SHARE * _physical_memory()), _LEAST)
    used = _data_size()
    if used is None:
        return 0
    try:
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        wanted = used + limit if hard == resource.RLIM_INFINITY else min(used + limit, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (wanted, hard))
    except (OSError, ValueError):
        return 0
    return limit


def lacks_memory(error: BaseException) -> bool:
    """Whether an error says that memory ran out."""
    return isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError | OSError) and _WANT_OF_MEMORY.search(str(error)) is not None
    )


def _physical_memory() -> int:
    whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    for file in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            whole = min(whole, int(Path(file).read_text()))
        except (OSError, ValueError):  # no container, or "max"
            continue
    return whole


def _data_size() -> int | None:
    try:
        found = re.search(r"^VmData:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE)
    except OSError:
        return None
    return int(found[1]) * 1024 if found else None
