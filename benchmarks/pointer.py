"""A mouse for benchmarks: real X events where there is an X server, else Qt events; and a clock that sees frames.

Needs nothing but PySide6, so that the peer's process can use it too.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import time
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget

LONGEST_WAIT_S = 5.0
STRIDE_PX, REACH_PX = 3, 60
PAUSE_S = 0.4
TREMBLE_PX = 12
_LEFT = 1


class XMouse:
    """Moves the pointer of the X server by the XTEST extension, as a hand on a mouse does."""

    kind = "X events"

    def __init__(self) -> None:
        x11, xtst = (ctypes.CDLL(ctypes.util.find_library(name) or "") for name in ("X11", "Xtst"))
        x11.XOpenDisplay.restype = ctypes.c_void_p
        self._x11, self._xtst = x11, xtst
        self._display = ctypes.c_void_p(x11.XOpenDisplay(None))

    def move(self, widget: QWidget, at: QPoint) -> None:
        """To a place of a widget."""
        ratio = widget.devicePixelRatio()
        place = widget.mapToGlobal(at)
        self._xtst.XTestFakeMotionEvent(
            self._display, -1, round(place.x() * ratio), round(place.y() * ratio), ctypes.c_ulong(0)
        )
        self._x11.XFlush(self._display)

    def button(self, widget: QWidget, at: QPoint, down: bool) -> None:
        """Press or release the left button."""
        self._xtst.XTestFakeButtonEvent(self._display, _LEFT, int(down), ctypes.c_ulong(0))
        self._x11.XFlush(self._display)


class QtMouse:
    """Posts mouse events to the widget, in the way of Qt's own tests."""

    kind = "Qt events"

    def __init__(self) -> None:
        self._held = Qt.MouseButton.NoButton

    def move(self, widget: QWidget, at: QPoint) -> None:
        """To a place of a widget."""
        self._post(QEvent.Type.MouseMove, widget, at, Qt.MouseButton.NoButton)

    def button(self, widget: QWidget, at: QPoint, down: bool) -> None:
        """Press or release the left button."""
        self._held = Qt.MouseButton.LeftButton if down else Qt.MouseButton.NoButton
        kind = QEvent.Type.MouseButtonPress if down else QEvent.Type.MouseButtonRelease
        self._post(kind, widget, at, Qt.MouseButton.LeftButton)

    def _post(self, kind: QEvent.Type, widget: QWidget, at: QPoint, button: Qt.MouseButton) -> None:
        place, everywhere = QPointF(at), QPointF(widget.mapToGlobal(at))
        event = QMouseEvent(kind, place, everywhere, button, self._held, Qt.KeyboardModifier.NoModifier)
        QApplication.postEvent(widget, event)


def mouse() -> XMouse | QtMouse:
    """The most real one there is here."""
    on_x = QGuiApplication.platformName() == "xcb"
    return XMouse() if on_x and ctypes.util.find_library("Xtst") else QtMouse()


class FrameClock(QObject):
    """Knows what the last frame of a window shows, and how long painting, and handing it to the screen, took."""

    def __init__(self, window: QWidget, canvas: QWidget, shown: Callable[[], Any]) -> None:
        super().__init__()
        self.painted, self.painting = shown(), 0.0
        self._inside = self._canvas_painted = False
        self._window, self._shown = window, shown
        window.installEventFilter(self)
        canvas.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Let the window paint in here, so that its end is seen too."""
        if event.type() == QEvent.Type.Paint and watched is not self._window:
            self._canvas_painted = True
        if watched is not self._window or event.type() != QEvent.Type.UpdateRequest or self._inside:
            return False
        began, self._inside, self._canvas_painted, shown = time.perf_counter(), True, False, self._shown()
        QApplication.sendEvent(watched, event)
        self._inside = False
        self.painting += time.perf_counter() - began
        if self._canvas_painted:
            self.painted = shown
        return True


class Dragger:
    """Drags on a widget and measures each move: from the event to the end of the frame that shows what came of it."""

    def __init__(self, window: QWidget, canvas: QWidget, shown: Callable[[], Any]) -> None:
        self._canvas = canvas
        self._clock, self.mouse = FrameClock(window, canvas, shown), mouse()
        self.latencies: list[float] = []
        self.outside: list[float] = []
        self.longest_stall = 0.0

    def press(self, at: QPoint) -> None:
        """Go there, take hold, and leave the few pixels in which a hand may tremble."""
        self.mouse.move(self._canvas, at)
        self.rest(0.3)
        self.mouse.button(self._canvas, at, down=True)
        self.rest(0.3)
        self.mouse.move(self._canvas, at + QPoint(0, TREMBLE_PX))
        self.rest(0.3)

    def release(self, at: QPoint) -> None:
        """Let go, and let everything settle."""
        self.mouse.button(self._canvas, at, down=False)
        self.rest(0.3)

    def move(self, at: QPoint) -> None:
        """One move, measured."""
        clock = self._clock
        before, painting = clock.painted, clock.painting
        began = time.perf_counter()
        self.mouse.move(self._canvas, at)
        while clock.painted == before:
            self._turn(began)
        whole = time.perf_counter() - began
        self.latencies.append(whole)
        self.outside.append(whole - (clock.painting - painting))

    def rest(self, seconds: float) -> None:
        """Leave the mouse as it is; the longest time that the program takes for itself meanwhile is kept."""
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            self._turn(time.perf_counter())

    def _turn(self, began: float) -> None:
        start = time.perf_counter()
        QApplication.processEvents()
        now = time.perf_counter()
        self.longest_stall = max(self.longest_stall, now - start)
        if now - began > LONGEST_WAIT_S:
            raise SystemExit("A move of the mouse has changed nothing that can be seen.")


def dragged(drag: Dragger, at: QPoint, moves: int, pace_s: float, pause_every: int) -> dict[str, Any]:
    """Drag up and down around a place, with a rest now and then, and say how long each move took."""
    drag.press(at)
    drag.longest_stall = 0.0
    try:
        for number in range(1, moves + 1):
            began = time.perf_counter()
            drag.move(at + QPoint(0, abs((STRIDE_PX * number + REACH_PX) % (4 * REACH_PX) - 2 * REACH_PX) - REACH_PX))
            drag.rest(max(pace_s - (time.perf_counter() - began), 0.0))
            if number % pause_every == 0:
                drag.rest(PAUSE_S)
        stall = drag.longest_stall
    finally:  # a button that stays down would hold the mouse of the whole X server
        drag.release(at)
    warm = moves // 10
    found = {"latencies": drag.latencies[warm:], "outside": drag.outside[warm:]}
    return {**found, "stall": stall, "events": drag.mouse.kind}
