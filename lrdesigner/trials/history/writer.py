"""Recording a running trial in a thread of its own, so that neither the window nor the run waits for the disk."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

from lrdesigner.errors import UserError
from lrdesigner.trials.history.entries import Ending, Environment, NewTrial, environment_here
from lrdesigner.trials.history.log import Row, TrialLog, new_id

COMMIT_SECONDS = 1.0
"""How much of a trial a crash may take."""
MOST_WAITING = 50_000
"""Rows that wait while the disk refuses; with more, the history of this trial is given up."""


class TrialWriter:
    """A trial on its way into the store. Nothing here raises because of the store: `problem` tells what it said.

    Rows that the store refuses wait and are tried again every `COMMIT_SECONDS`, so that a disk that is full for a
    while costs nothing.
    """

    def __init__(
        self,
        file: Path,
        trial: NewTrial,
        environment: Environment | None = None,
        interval: float = COMMIT_SECONDS,
    ) -> None:
        self.id = new_id()
        self.file = file
        self.problem = ""
        self.started = time.time()
        self._trial = trial
        self._environment = self._entered = environment or environment_here()
        self._interval = interval
        self._coming: deque[Row] = deque()
        self._waiting: list[Row] = []
        self._log: TrialLog | None = None
        self._gave_up = False
        self._ending: Ending | None = None
        self._over = threading.Event()
        # A daemon: a program that ends without a word leaves a trial that is told as crashed, but it ends.
        self._thread = threading.Thread(target=self._work, name="trial history", daemon=True)
        self._thread.start()

    def add(self, sheet: str, names: tuple[str, ...], values: tuple[float, ...]) -> None:
        """Add a row to a sheet, with the names of its columns, which may differ from row to row."""
        if not self._gave_up:
            self._coming.append((sheet, names, values))

    def learn(self, *, python: str = "", torch: str = "", device: str = "") -> None:
        """What the training process has told about where it runs; "" leaves what was known."""
        told = {"python": python, "torch": torch, "device": device}
        self._environment = replace(self._environment, **{name: text for name, text in told.items() if text})

    def end(self, ending: Ending) -> None:
        """Keep what still waits and how the trial ended. Returns at once; `wait` tells when it is done."""
        self._ending = ending
        self._over.set()

    def discard(self) -> None:
        """End without keeping anything of the trial. Returns at once, as `end` does."""
        self._over.set()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until everything is kept, for so long at most; whether it is, or was given up."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _work(self) -> None:
        try:
            while not self._over.wait(self._interval):
                self._try(self._keep)
            if self._ending is None:
                self._try(self._take_out)
            else:
                self._try(self._keep)
                self._try(self._close_entry)
        finally:
            if self._log is not None:
                self._log.close()

    def _try(self, step: Callable[[], None]) -> None:
        try:
            step()
        except UserError as error:
            self.problem = str(error)
            if len(self._waiting) > MOST_WAITING:
                self._gave_up = True
                self._waiting.clear()
                self._coming.clear()

    def _keep(self) -> None:
        if self._gave_up:
            return
        self._waiting.extend(self._coming.popleft() for _ in range(len(self._coming)))
        log, environment = self._begun(), self._environment
        if environment is not self._entered:
            log.learn(environment)
            self._entered = environment
        log.commit(self._waiting)
        self._waiting.clear()
        self.problem = ""

    def _begun(self) -> TrialLog:
        """The trial's entry in the store, made where that has not been possible before."""
        if self._log is None:
            log = TrialLog(self.file, self.id)
            try:
                log.begin(self._trial, self._entered, self.started)
            except BaseException:
                log.close()
                raise
            self._log = log
        return self._log

    def _close_entry(self) -> None:
        """Also of a trial of which rows are lost: its end is worth keeping."""
        if self._ending is None or (self._log is None and self._waiting):
            return
        lost = f"Not all of its numbers are in the history: {self.problem}" if self.problem else ""
        details = "\n".join(text for text in (self._ending.details, lost) if text)
        self._begun().end(replace(self._ending, details=details), self._environment, time.time())

    def _take_out(self) -> None:
        if self._log is not None:
            self._log.discard()
