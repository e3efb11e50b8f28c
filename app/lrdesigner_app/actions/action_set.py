"""The Qt actions of the table: made once, put into menus, enabled as their conditions say."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from lrdesigner_app.actions.spec import ActionSpec, Commands, Scope


class ActionSet(QObject):
    """The actions of some commands; `before` is called before each of them is done."""

    def __init__(self, commands: tuple[Commands, ...], before: Callable[[], None], window: QWidget) -> None:
        super().__init__(window)
        self._window, self._before = window, before
        self._owners = {spec.id: owner for owner in commands for spec in owner.rows}
        self.specs = {spec.id: spec for owner in commands for spec in owner.rows}
        self._actions = {spec.id: self._made(spec) for spec in self.specs.values()}
        self.menus: dict[str, QMenu] = {}
        for spec in self.specs.values():
            menu = self.menus.setdefault(spec.menu, QMenu(spec.menu, window))
            menu.addAction(self._actions[spec.id])
        self.refresh()

    def __getitem__(self, name: str) -> QAction:
        return self._actions[name]

    def do(self, name: str) -> None:
        """What the action does, without its action: also where it is not enabled."""
        self._before()
        getattr(self._owners[name], name)()

    def place(self, widgets: Mapping[Scope, tuple[QWidget, ...]]) -> None:
        """Let the keys be heard in the widgets of their scope."""
        for spec in self.specs.values():
            action = self._actions[spec.id]
            if spec.scope == "window":
                self._window.addAction(action)
                continue
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            for widget in widgets[spec.scope]:
                widget.addAction(action)

    def refresh(self) -> None:
        """Ask every condition again."""
        for spec in self.specs.values():
            if spec.when:
                self._actions[spec.id].setEnabled(bool(getattr(self._owners[spec.id], spec.when)))

    def _made(self, spec: ActionSpec) -> QAction:
        action = QAction(spec.title, self._window)
        action.setShortcut(QKeySequence(spec.key))
        action.setStatusTip(spec.help)
        action.setToolTip(spec.help)
        action.triggered.connect(lambda: self.do(spec.id))  # without the signal's `checked`
        return action
