"""Files dropped anywhere onto the window: what would happen with them, told before they are let go."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QEvent, QMimeData, QObject, QRectF, Qt, QTimer
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QApplication, QMainWindow, QWidget

from lrdesigner.design_file import FORMAT, SUFFIX, holds_design
from lrdesigner.errors import UserError
from lrdesigner.models.source import parse_source
from lrdesigner.plain_files import open_plain
from lrdesigner_app.icons import paint_icon
from lrdesigner_app.theme import GRID, RADIUS, Theme

_PEEKED = 4096
"""Bytes of a JSON file in which it must say what it is."""
_ICON_PX = 28
_BOX = (460.0, 96.0)
_VEIL = 215


@dataclass(frozen=True, slots=True)
class Dropped:
    """What a drop of files means. `sentence` tells it, or why it is refused; `source` is a model's, as one types it."""

    kind: Literal["design", "model", "python", "results", "refused"]
    path: Path
    sentence: str
    source: str = ""
    left_out: int = 0


def dropped(data: QMimeData) -> Dropped | None:
    """What the files in `data` mean; of several the first counts. None when there are no files in it."""
    urls = data.urls() if data.hasUrls() else []
    if not urls:
        return None
    if not urls[0].isLocalFile():
        return Dropped("refused", Path(), "Only files of this machine can be opened")
    found = what_is(Path(urls[0].toLocalFile()))
    if len(urls) > 1 and found.kind != "refused":
        return replace(found, sentence=f"{found.sentence} (the first of {len(urls)})", left_out=len(urls) - 1)
    return found


def what_is(path: Path) -> Dropped:
    """What opening a file would mean; nothing in it is run."""
    name = path.name
    if name.lower().endswith(SUFFIX):
        return Dropped("design", path, f"Open {name} as a design")
    if os.path.isdir(path):
        from lrdesigner.trials.follower import holds_sweep  # which a window that starts need not load

        if holds_sweep(path):
            return Dropped("results", path, f"Show the sweep in {name}")
    try:
        if holds_design(path) is not None:
            return Dropped("design", path, f"Open the design in {name}")
    except UserError as error:
        return Dropped("refused", path, str(error))
    if path.suffix.lower() == ".py":
        return Dropped("python", path, f"Open {name} as a model")
    source = str(path)
    if path.suffix.lower() == ".json" and not name.endswith(".index.json"):
        start = _start_of(path)
        if FORMAT in start:
            return Dropped("design", path, f"Open {name} as a design")
        if name != "config.json" and '"model_type"' not in start and '"architectures"' not in start:
            return Dropped("refused", path, f"{name} is neither a design nor a model's configuration")
        source = f"transformers:{path}"
    try:
        parse_source(source)
    except UserError:
        return Dropped("refused", path, f"{name} is no design, Python file, checkpoint or model configuration")
    return Dropped("model", path, f"Open {name} as a model", source)


def _start_of(path: Path) -> str:
    try:
        with open_plain(path) as stream:
            return stream.read(_PEEKED).decode(errors="replace")
    except OSError:
        return ""


class DropOverlay(QWidget):
    """Lies over the whole window while files hang above it, and says what letting them go would do."""

    def __init__(self, ground: QWidget, theme: Theme) -> None:
        super().__init__(ground)
        self._ground, self._theme = ground, theme
        self._shown: Dropped | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def show_drop(self, found: Dropped) -> None:
        """Say what would happen."""
        self._shown = found
        self.setAccessibleName(found.sentence)
        self.setGeometry(self._ground.rect())
        self.raise_()
        self.show()
        self.update()

    def paintEvent(self, _: QPaintEvent) -> None:
        if self._shown is None:
            return
        refused = self._shown.kind == "refused"
        colour = self._theme.colour("bad" if refused else "accent")
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        veil = self._theme.colour("ground")
        veil.setAlpha(_VEIL)
        painter.fillRect(self.rect(), veil)
        painter.setPen(QPen(colour, 2, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(GRID, GRID, -GRID, -GRID), RADIUS, RADIUS)
        box = QRectF(0, 0, min(_BOX[0], self.width() - 4 * GRID), _BOX[1])
        box.moveCenter(QRectF(self.rect()).center())
        painter.setPen(QPen(self._theme.colour("line"), 1))
        painter.setBrush(self._theme.colour("raised"))
        painter.drawRoundedRect(box, RADIUS, RADIUS)
        sign = QRectF(box.center().x() - _ICON_PX / 2, box.top() + 1.5 * GRID, _ICON_PX, _ICON_PX)
        paint_icon(painter, sign, "circle-x" if refused else "folder-open", colour)
        painter.setPen(self._theme.colour("text"))
        words = box.adjusted(2 * GRID, 5.5 * GRID, -2 * GRID, -GRID)
        painter.drawText(words, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._shown.sentence)


class WindowDrops(QObject):
    """Takes drags of files before any widget sees them; the program's own drags go to the widgets as ever.

    It listens at the window of the system, so that fields and lists that take text get no file's name.
    """

    def __init__(self, window: QMainWindow, theme: Theme, act: Callable[[Dropped], None]) -> None:
        super().__init__(window)
        self._window, self._act = window, act
        self._found: Dropped | None = None
        self.overlay = DropOverlay(window.centralWidget() or window, theme)
        window.setAcceptDrops(True)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        match event.type():
            case QEvent.Type.Show if watched is self._window:
                handle = self._window.windowHandle()
                if handle is not None:
                    handle.installEventFilter(self)  # again: Qt keeps each filter once
            case QEvent.Type.DragEnter if isinstance(event, QDragEnterEvent):
                return self._enter(event)
            case QEvent.Type.DragMove if isinstance(event, QDragMoveEvent):
                return self._move(event)
            case QEvent.Type.DragLeave:
                return self._leave()
            case QEvent.Type.Drop if isinstance(event, QDropEvent):
                return self._drop(event)
        return False

    def _enter(self, event: QDragEnterEvent) -> bool:
        self._found = None if QApplication.activeModalWidget() is not None else dropped(event.mimeData())
        if self._found is None:
            return False
        self.overlay.show_drop(self._found)
        _answer(event, self._found)
        return True

    def _move(self, event: QDragMoveEvent) -> bool:
        if self._found is None:
            return False
        _answer(event, self._found)
        return True

    def _leave(self) -> bool:
        found, self._found = self._found, None
        self.overlay.hide()
        return found is not None

    def _drop(self, event: QDropEvent) -> bool:
        found = self._found
        if found is None:
            return False
        self._leave()
        _answer(event, found)
        if found.kind != "refused":  # later: whoever dropped it waits until this returns, and questions may follow
            QTimer.singleShot(0, self._window, partial(self._act, found))
        return True


def _answer(event: QDropEvent, found: Dropped) -> None:
    """Tell the source of the drag; a refused one is held here, so that no widget takes it for text."""
    if found.kind == "refused":
        event.setDropAction(Qt.DropAction.IgnoreAction)
        event.ignore()
    else:
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
