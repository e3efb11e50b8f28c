"""Goes from hint to hint. The window works meanwhile: nothing is in the way of it."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QObject, QRect, Qt, Signal
from PySide6.QtWidgets import QWidget

from lrdesigner_app.theme import Theme
from lrdesigner_app.tour.bubble import Bubble, Ring
from lrdesigner_app.tour.hints import HINTS, Anchor

_AROUND = 3


class Tour(QObject):
    """Shows hints over `ground`; `anchors` are the widgets in it that they are about."""

    ended = Signal()

    def __init__(self, ground: QWidget, anchors: Mapping[Anchor, QWidget], theme: Theme) -> None:
        super().__init__(ground)
        self._ground, self._anchors = ground, anchors
        self._place: int | None = None
        self._before: QWidget | None = None
        self.ring = Ring(ground, theme)
        self.bubble = Bubble(ground)
        self.bubble.skipped.connect(self.end)
        self.bubble.advanced.connect(self.advance)
        ground.installEventFilter(self)

    @property
    def running(self) -> bool:
        """Whether a hint is shown."""
        return self._place is not None

    def begin(self) -> None:
        """From the first hint on."""
        self._before = self._ground.window().focusWidget()
        self._place = 0
        self._show()

    def advance(self) -> None:
        """The next hint, or the end."""
        if self._place is None:
            return
        self._place += 1
        if self._place == len(HINTS):
            self.end()
        else:
            self._show()

    def end(self) -> None:
        """Take the hints away and give the keyboard back."""
        if self._place is None:
            return
        self._place = None
        held = self.bubble.isAncestorOf(self._ground.window().focusWidget() or self._ground)
        self.ring.hide()
        self.bubble.hide()
        if held and self._before is not None:
            self._before.setFocus(Qt.FocusReason.OtherFocusReason)
        self.ended.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.LayoutRequest) and self.running:
            self._put()
        return super().eventFilter(watched, event)

    def _show(self) -> None:
        assert self._place is not None
        hint = HINTS[self._place]
        self.bubble.say(hint.title, hint.text, self._place + 1, len(HINTS))
        self._put()
        for widget in (self.ring, self.bubble):
            widget.show()
            widget.raise_()
        self.bubble.advance.setFocus(Qt.FocusReason.OtherFocusReason)

    def _put(self) -> None:
        assert self._place is not None
        anchor = self._anchors[HINTS[self._place].anchor]
        target = QRect(anchor.mapTo(self._ground, anchor.rect().topLeft()), anchor.size())
        self.ring.setGeometry(target.adjusted(-_AROUND, -_AROUND, _AROUND, _AROUND))
        self.bubble.put_beside(target, self._ground.size())
