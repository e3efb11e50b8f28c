"""The trials of a sweep of the command line, kept in the history."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from lrdesigner.cli.output import say
from lrdesigner.trials.history.sweep_recording import SweepRecorder
from lrdesigner.trials.pool import Watch
from lrdesigner.trials.variants import Variant, label_of


class SweepHistory:
    """Which of the design files, given by the names of their designs, a variant is made of."""

    def __init__(self, files: Mapping[str, Path]) -> None:
        self._files = files

    def path_of(self, variant: Variant) -> Path | None:
        """The file, of several the one whose name the label has."""
        if len(self._files) == 1:
            return next(iter(self._files.values()))
        changes = dict(variant.changes)
        found = [file for name, file in self._files.items() if label_of(changes, name) == variant.label]
        return found[0] if found else None


@contextmanager
def recorded(kept: SweepHistory | None, sweep: str) -> Iterator[Watch]:
    """Who keeps the trials of the sweep, or nobody; what the history lacks afterwards is said in one remark."""
    if kept is None:
        yield Watch()
        return
    recorder = SweepRecorder(sweep, kept.path_of)
    try:
        yield recorder.watch
    finally:
        recorder.wait()
        if recorder.problem:
            say(recorder.problem)
