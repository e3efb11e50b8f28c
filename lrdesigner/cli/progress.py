"""A progress bar on stderr, when a person watches."""

from __future__ import annotations

import sys
from typing import Any, Self


class ProgressBar:
    """Shows how much of something is done, and how long the rest will take; silent where stderr is no terminal."""

    def __init__(self, total: int, text: str, *, shown: bool = True) -> None:
        self._bar: Any = None
        if shown and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
            self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
            self._task = self._bar.add_task(text, total=total or None)

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def show(self, done: int) -> None:
        """So many are done."""
        if self._bar is not None:
            self._bar.update(self._task, completed=done)

    def describe(self, text: str, total: int = 0) -> None:
        """Say what is being done, and of how many (0: not known)."""
        if self._bar is not None:
            self._bar.update(self._task, description=text.capitalize(), total=total or None)
