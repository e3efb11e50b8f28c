"""A folder of a sweep followed in a thread of its own: it may be large, and lie on a slow share."""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue

from lrdesigner.document import Design
from lrdesigner.errors import UserError
from lrdesigner.trials.follower import FollowedRun, SweepFollower, holds_sweep
from lrdesigner.trials.growing import Growing
from lrdesigner.trials.sweep_designs import design_of_run
from lrdesigner.trials.sweep_files import read_facts
from lrdesigner.trials.sweep_results import SweepTable, sweep_table

INTERVAL = 1.0
"""Seconds between two looks."""
_PAUSE = 0.05
"""Seconds between two pieces, in which others get their turn."""
_PIECE = 1 << 18
"""Bytes of a piece: reading it keeps the other threads of Python from their turns."""
_MOST_CURVES = 8
_MOST_POINTS = 5_000


@dataclass(frozen=True, slots=True)
class LossCurve:
    """The smoothed loss of a variant's first seed, thinned where it has very many steps."""

    label: str
    steps: Growing
    smoothed: Growing
    end_step: int


@dataclass(frozen=True, slots=True)
class SweepView:
    """How a sweep stands: `ended` of the `begun` runs have, of `planned` ones, which is 0 where that is not known.

    `trouble` is what cannot be read, in sentences; `over` tells that there is nothing more to follow, `foreign` that
    the folder is no sweep's.
    """

    table: SweepTable
    curves: tuple[LossCurve, ...] = ()
    begun: int = 0
    ended: int = 0
    planned: int = 0
    trouble: str = ""
    over: bool = False
    foreign: bool = False


@dataclass(frozen=True, slots=True)
class FoundDesign:
    """What was asked for: the design of a variant for a present one, or why it cannot be had."""

    label: str
    present: Design
    design: Design | None
    reason: str = ""


class SweepWatch:
    """Follows a folder until `close`, or until nobody holds this any more; `news` are what was read, in order."""

    def __init__(self, folder: Path, interval: float = INTERVAL) -> None:
        self._news: SimpleQueue[SweepView | FoundDesign] = SimpleQueue()
        self._asked: SimpleQueue[tuple[str, Design] | None] = SimpleQueue()
        self._stopped = threading.Event()
        worker = _Worker(folder, interval, self._news, self._asked, self._stopped)
        self._end = weakref.finalize(self, self._asked.put, None)
        # A daemon: a share that hangs must not keep the program from ending.
        self._thread = threading.Thread(target=worker.work, name="sweep watch", daemon=True)
        self._thread.start()

    def news(self) -> list[SweepView | FoundDesign]:
        """What is new since the last time; never waits."""
        found = []
        while True:
            try:
                found.append(self._news.get_nowait())
            except Empty:
                return found

    def ask(self, label: str, present: Design) -> None:
        """Have the design of a variant read; a `FoundDesign` will be among the news."""
        self._asked.put((label, present))

    def stop(self) -> None:
        """Read no more results, but still give designs."""
        self._stopped.set()

    def close(self) -> None:
        """Look no more. Returns at once."""
        self._end()

    def wait(self, seconds: float) -> bool:
        """Wait at most so long for the thread; whether it has ended."""
        self._thread.join(seconds)
        return not self._thread.is_alive()


class _Worker:
    """What the thread does; it must not hold the watch, which would then never be let go."""

    def __init__(
        self,
        folder: Path,
        interval: float,
        news: SimpleQueue[SweepView | FoundDesign],
        asked: SimpleQueue[tuple[str, Design] | None],
        stopped: threading.Event,
    ) -> None:
        self._folder, self._interval, self._news, self._asked = folder, interval, news, asked
        self._stopped = stopped
        self._follower = SweepFollower(folder)

    def work(self) -> None:
        """Look, tell and answer in turn, until the end is asked for."""
        if not holds_sweep(self._folder):
            text = _why_not(self._folder)
            self._news.put(SweepView(sweep_table((), "", 0), trouble=text, over=True, foreign=True))
            return
        told: SweepView | None = None
        trouble, changed, due = "", True, 0.0
        while True:
            before, behind = trouble, False
            if not self._stopped.is_set() and (told is None or not told.over):
                trouble, fresh = self._look()
                changed, behind = changed or fresh or trouble != before, self._follower.behind and not trouble
                if changed and (time.monotonic() >= due or not behind):
                    told = self._view(trouble, behind)
                    self._news.put(told)
                    changed, due = False, time.monotonic() + self._interval
            if not self._answered(_PAUSE if behind else self._interval):
                return

    def _look(self) -> tuple[str, bool]:
        """What is wrong with the folder, and whether there is news."""
        if not os.path.isdir(self._folder):
            return f"{self._folder} is not there any more; what was read of it stays.", False
        try:
            return "", bool(self._follower.look(_PIECE))
        except UserError as error:
            return str(error), False

    def _view(self, trouble: str, behind: bool) -> SweepView:
        facts, runs = read_facts(self._folder), self._follower.runs.values()
        table = sweep_table([run.result for run in runs], facts.baseline, facts.total_steps)
        firsts = _firsts(runs)
        labels = [row.label for row in table.rows if len(firsts[row.label].steps)][:_MOST_CURVES]
        ended = sum(run.state != "running" for run in runs)
        faults = [run.fault for run in runs if run.fault]
        told = [trouble, *faults[:1], *([f"{len(faults) - 1:,} more files have faults."] if len(faults) > 1 else [])]
        return SweepView(
            table,
            tuple(_curve(label, firsts[label]) for label in labels),
            len(runs),
            ended,
            facts.runs,
            " ".join(filter(None, told)),
            over=not behind and not trouble and 0 < facts.runs <= ended,
        )

    def _answered(self, seconds: float) -> bool:
        """Answer what is asked within this time; False when it is over."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            try:
                asked = self._asked.get(timeout=left)
            except Empty:
                break
            if asked is None:
                return False
            self._news.put(self._found(*asked))
        return True

    def _found(self, label: str, present: Design) -> FoundDesign:
        run = _firsts(self._follower.runs.values()).get(label)
        if run is None:
            return FoundDesign(label, present, None, f"There are no results of {label} any more.")
        try:
            return FoundDesign(label, present, design_of_run(self._folder, run.header, present))
        except UserError as error:
            return FoundDesign(label, present, None, str(error))


def _why_not(folder: Path) -> str:
    """Why a folder is not followed."""
    try:
        os.scandir(folder).close()
    except OSError as error:
        return f"{folder} cannot be read: {error.strerror or error}."
    return f"{folder} holds no results of a sweep; choose the folder that -o or --bundle named."


def _firsts(runs: Iterable[FollowedRun]) -> dict[str, FollowedRun]:
    """The run of each variant with the smallest seed, by its label."""
    found: dict[str, FollowedRun] = {}
    for run in runs:
        head = run.header
        if head.label not in found or head.seed < found[head.label].header.seed:
            found[head.label] = run
    return found


def _curve(label: str, run: FollowedRun) -> LossCurve:
    every = -(-len(run.steps) // _MOST_POINTS)
    return LossCurve(label, run.steps.copy(every), run.smoothed.copy(every), int(run.steps.array[-1]) + 1)
