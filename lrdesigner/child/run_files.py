"""Results of the runs of a sweep: a file of JSON lines for each, written as they come, so that others can follow.

The first line tells the run, the last one its outcome; between them are the reports of the child. Only the standard
library is used: the workers of a bundle write the same files where this program is not installed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

RESULTS = "results"
OUTCOME = "outcome"
KEPT = ("progress", "metrics", "diagnostics", "critical", "error")
"""The kinds of reports that are written."""
_TAIL = 1 << 16


class RunFile:
    """The results of one run in a folder; whoever begins it anew puts a new file in the place of an old one.

    Every method may raise `OSError`.
    """

    def __init__(self, folder: str, run: str) -> None:
        self.path = results_path(folder, run)
        self._handle = -1

    def begin(self, header: Mapping[str, Any]) -> None:
        """Start with the line that tells the run."""
        os.makedirs(os.path.dirname(self.path), exist_ok=True)
        fresh = f"{self.path}.{os.getpid()}.new"
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | getattr(os, "O_BINARY", 0)
        self._handle = os.open(fresh, flags, 0o644)
        self.add({"kind": "run", **header})
        if os.name == "nt":  # an open file cannot be renamed there
            self.close()
            os.replace(fresh, self.path)
            self._handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0))
        else:
            os.replace(fresh, self.path)

    def add(self, fields: Mapping[str, Any]) -> None:
        """Append one line, in one piece."""
        self.add_line(json.dumps(fields, separators=(",", ":")).encode())

    def add_line(self, line: bytes) -> None:
        """Append a line that is JSON already, without its end."""
        view = memoryview(line + b"\n")
        while view:
            view = view[os.write(self._handle, view) :]

    def end(self, state: str, message: str, metrics: Mapping[str, Any]) -> None:
        """Append the last line and close the file."""
        self.add({"kind": OUTCOME, "state": state, "message": message, "metrics": metrics})
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


def results_path(folder: str, run: str) -> str:
    """The file of a run."""
    return os.path.join(folder, RESULTS, f"{run}.jsonl")


def state_in(folder: str, run: str) -> str:
    """How a run ended, as its file says; "" while it has not, or was never begun."""
    try:
        with open(results_path(folder, run), "rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(file.tell() - _TAIL, 0))
            tail = file.read()
    except OSError:
        return ""
    if not tail.endswith(b"\n"):
        return ""
    try:
        last = json.loads(tail.rstrip(b"\n").rpartition(b"\n")[2])
    except ValueError:
        return ""
    is_outcome = isinstance(last, dict) and last.get("kind") == OUTCOME
    return str(last.get("state", "")) if is_outcome else ""
