"""Designs and models that were opened or saved lately, and the menu that opens them again."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Literal

import msgspec
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QMenu, QWidget

from lrdesigner.model_inputs import Inputs
from lrdesigner.models.source import ModelSource
from lrdesigner_app.settings import Settings
from lrdesigner_app.widgets import plain_tip

MOST = 10
_KEY = "recent"
_DIMMED = 150
"""Of 255: how much of the menu's ground lies over a file that is gone."""


class Recent(msgspec.Struct, frozen=True):
    """A design or a model. `text` is the design's path, or the model's source; `file` is "" where none is named."""

    kind: Literal["design", "model"]
    text: str
    file: str = ""
    kwargs: dict[str, Any] = {}
    python: str = ""
    inputs: Inputs = []

    @property
    def title(self) -> str:
        """The name without its folder."""
        return self.text.replace(self.file, Path(self.file).name) if self.file else self.text

    @property
    def details(self) -> str:
        """Everything about it, a line each."""
        lines = [self.text]
        if self.kwargs:
            lines.append(f"Arguments: {msgspec.json.encode(self.kwargs).decode()}")
        if self.inputs:
            lines.append(f"Input shapes: {msgspec.json.encode(self.inputs).decode()}")
        if self.python:
            lines.append(f"Python: {self.python}")
        return "\n".join(lines)

    @property
    def missing(self) -> bool:
        """Whether its file is not there."""
        try:
            return bool(self.file) and not Path(self.file).exists()
        except (OSError, ValueError):
            return True

    def is_like(self, other: Recent) -> bool:
        """Whether only the newer of the two is worth keeping."""
        return (self.kind, self.text, self.kwargs, self.python) == (other.kind, other.text, other.kwargs, other.python)


def recent_design(path: Path) -> Recent:
    """The entry of a design file."""
    return Recent("design", str(path.absolute()), str(path.absolute()))


def recent_model(source: ModelSource, kwargs: dict[str, Any], python: str, inputs: Inputs | None) -> Recent:
    """The entry of a model that was opened."""
    file = str(source.file) if source.file is not None else ""
    return Recent("model", source.stored, file, dict(kwargs), python, inputs or [])


class RecentFiles:
    """The list, newest first. It lives in the settings, so that every window tells the same."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @property
    def entries(self) -> tuple[Recent, ...]:
        """At most ten; none when the settings hold something else."""
        try:
            return msgspec.json.decode(self._settings.text(_KEY, "[]"), type=tuple[Recent, ...])[:MOST]
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return ()

    def add(self, entry: Recent) -> None:
        """Put an entry on top; an older one like it goes."""
        self._put((entry, *(other for other in self.entries if not other.is_like(entry))))

    def remove(self, entry: Recent) -> None:
        """Forget one entry."""
        self._put(tuple(other for other in self.entries if not other.is_like(entry)))

    def clear(self) -> None:
        """Forget all."""
        self._put(())

    def _put(self, entries: tuple[Recent, ...]) -> None:
        try:
            self._settings.put(_KEY, msgspec.json.encode(entries[:MOST]).decode())
        except UnicodeError:  # a name that is no text cannot be kept
            return


class RecentMenu(QMenu):
    """File > Open recent; asks for the list each time it is shown. What is gone is dimmed, and says so."""

    def __init__(self, recent: RecentFiles, choose: Callable[[Recent], None], parent: QWidget) -> None:
        super().__init__("Open rece&nt", parent)
        self._recent, self._choose = recent, choose
        self._missing: list[int] = []
        self.setToolTipsVisible(True)
        self.menuAction().setStatusTip("Open a design or model that was open lately")
        self.aboutToShow.connect(self.fill)  # not now: whether files are there is asked for, and may take a while
        self._show(())

    def fill(self) -> None:
        """Bring the entries up to date."""
        self._show(self._recent.entries)

    def _show(self, entries: tuple[Recent, ...]) -> None:
        self.clear()
        self._missing = [row for row, entry in enumerate(entries) if entry.missing]
        for row, entry in enumerate(entries):
            title = entry.title.replace("&", "&&")
            gone = " (missing)" if row in self._missing else ""
            action = self.addAction(f"{_mnemonic(row)}  {title}{gone}")
            action.setToolTip(plain_tip(entry.details))
            action.setStatusTip(entry.text)
            action.triggered.connect(partial(self._chosen, entry))
        if not entries:
            self.addAction("Nothing was open lately").setEnabled(False)
        self.addSeparator()
        clear = self.addAction("&Clear")
        clear.setToolTip("Forget these files; they stay where they are")
        clear.setEnabled(bool(entries))
        clear.triggered.connect(self._recent.clear)

    def _chosen(self, entry: Recent, _checked: bool = False) -> None:
        self._choose(entry)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        veil = QColor(self.palette().base().color())
        veil.setAlpha(_DIMMED)
        painter = QPainter(self)
        for row in self._missing:
            painter.fillRect(self.actionGeometry(self.actions()[row]), veil)


def _mnemonic(row: int) -> str:
    return f"&{row + 1}" if row < 9 else "1&0"
