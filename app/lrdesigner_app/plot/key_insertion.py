"""New keys on a curve: put there by a click, and adjusted by the drag that the press may become."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, QPointF, Qt

from lrdesigner.document import Group
from lrdesigner.errors import UserError
from lrdesigner.handles import handles_of
from lrdesigner.key_places import part_at
from lrdesigner.schedule_edits import Path, node_at
from lrdesigner.schedules import Keyframes, shape_of
from lrdesigner.track_keys import TrackKeys
from lrdesigner.tracks import Slot, slots_of, track_of
from lrdesigner_app.charts import ChartSurface
from lrdesigner_app.notices import Notice
from lrdesigner_app.plot.handle_layer import HandleLayer
from lrdesigner_app.plot.key_grips import grip_of
from lrdesigner_app.plot.plot_view import PlotView
from lrdesigner_app.plot.pointer import REACH_PX, Pointer
from lrdesigner_app.workspace import Workspace

_CTRL = Qt.KeyboardModifier.ControlModifier
_LEFT = Qt.MouseButton.LeftButton
_BARE_REACH_PX = 4.0
"""Of a bare click and of a drag: nearer than of a click with Ctrl, since beside the curve they mean other things."""


class KeyInsertion(QObject):
    """Ctrl and a press on a curve add a key there; while keys are edited a bare click on their curve does, too."""

    def __init__(
        self, workspace: Workspace, chart: ChartSurface, plane: PlotView, pointer: Pointer, layer: HandleLayer
    ) -> None:
        super().__init__(layer)
        self._workspace, self._chart, self._pointer, self._layer = workspace, chart, pointer, layer
        self._before: tuple[Path, tuple[int, ...]] | None = None
        plane.add_taker(self.take)
        pointer.clicked.connect(self.click)
        layer.hold.cancelled.connect(self._restore_selection)

    def click(self, event: Any) -> None:
        """Add a key where a curve was clicked, if that is meant."""
        if event.button() != _LEFT or event.double() or event.isAccepted() or self._layer.dragging:
            return
        keyed = event.modifiers() == _CTRL
        if not keyed and (event.modifiers() or self._workspace.keys.node is None):
            return
        group = self._group_under(event.scenePos(), REACH_PX if keyed else _BARE_REACH_PX)
        if group is None or not (keyed or group is self._workspace.selected_group):
            return
        step = self._step(event.scenePos())
        path = self._path(group, step)
        if keyed or path == self._workspace.keys.path:
            event.accept()
            self._workspace.select_group(group.id)
            self.add_at(step)

    def add_at(self, step: int) -> None:
        """Add a key of the selected group's shown track at a step, on the curve; offers to bake where it has none."""
        slot = self._layer.slot
        if slot is None:
            return
        keys = self._keys(slot, step)
        if keys is None:
            self._offer_to_bake(slot, step)
            return
        try:
            edit, index = keys.insert(step)
        except UserError as error:
            self._workspace.post(Notice(str(error), "bad"))
            return
        self._workspace.perform(edit)
        self._workspace.keys.select_in(keys.path, (index,))

    def take(self, event: Any) -> bool:
        """A `lrdesigner_app.plot.plot_view.Taker`: a drag with Ctrl from a curve drawn by hand moves a new key."""
        if event.isStart():
            started = event.modifiers() == _CTRL and self._begin(event.buttonDownScenePos())
            if started:
                self._layer.hold.move(event.scenePos() - event.buttonDownScenePos(), event.modifiers())
            return started
        self._layer.hold.move(event.scenePos() - event.lastScenePos(), event.modifiers())
        if event.isFinish():
            self._before = None
            self._layer.hold.finish()
        return True

    def _begin(self, at: QPointF) -> bool:
        """Show the new key, and take hold of it."""
        group, slot, workspace = self._group_under(at, _BARE_REACH_PX), self._layer.slot, self._workspace
        step = self._step(at)
        if group is None or slot is None or not isinstance(self._node(group, slot, self._path(group, step)), Keyframes):
            return False
        workspace.select_group(group.id)
        keys = self._keys(slot, step)
        if keys is None:
            return False
        try:
            edit, index = keys.insert(step)
        except UserError as error:
            workspace.post(Notice(str(error), "bad"))
            return False
        self._before = workspace.keys.path, workspace.keys.indices
        workspace.preview(edit.label, edit.edit, *edit.arguments)
        workspace.keys.select_in(keys.path, (index,))
        axis_map, name = self._layer.map, ".".join([*map(str, keys.path), f"key {index}"])
        found = handles_of(workspace.selected_group, slot, workspace.design.plan)
        handle = next((handle for handle in found if handle.name == name), None)
        if handle is None:
            workspace.store.cancel()
            self._restore_selection()
            return False
        start = axis_map.x(handle.step), axis_map.y(handle.value)
        self._layer.hold.begin((grip_of(workspace, slot, handle, axis_map.log),), slot, axis_map, start, edit.label)
        return True

    def _restore_selection(self) -> None:
        """The new key is gone again: select what was selected."""
        if self._before is not None:
            (path, indices), self._before = self._before, None
            if path == self._workspace.keys.path:
                self._workspace.keys.select(indices)
            else:
                self._workspace.keys.clear()

    def _keys(self, slot: Slot, step: int) -> TrackKeys | None:
        group = self._workspace.selected_group
        path = self._path(group, step)
        if not isinstance(self._node(group, slot, path), Keyframes):
            return None
        return TrackKeys(group, slot, self._workspace.design.plan, path)

    def _offer_to_bake(self, slot: Slot, step: int) -> None:
        workspace, group = self._workspace, self._workspace.selected_group
        path = self._path(group, step)
        title = shape_of(self._node(group, slot, path)).title

        def bake() -> None:
            if slot == workspace.selected_slot and group.id == workspace.selected_group.id:
                workspace.segments.go_to(path)
                workspace.segments.bake()

        workspace.post(Notice(f"This part of {group.name} has no keys: {title}.", action=("Bake into keys", bake)))

    def _group_under(self, at: QPointF, reach: float = REACH_PX) -> Group | None:
        """Whose curve is there, if it has the shown track and can be taken hold of; the selected group's first."""
        near, workspace = self._pointer.near(at, reach), self._workspace
        if near is None or near.part or self._layer.slot is None:
            return None
        group = workspace.design.group(near.group)
        usable = self._layer.slot in slots_of(group) and workspace.display.look.takes(group.id)
        return group if usable else None

    def _path(self, group: Group, step: int) -> Path:
        slot = self._layer.slot
        assert slot is not None
        return part_at(track_of(group, slot), self._workspace.design.plan, step)

    def _node(self, group: Group, slot: Slot, path: Path) -> Any:
        return node_at(track_of(group, slot).schedule, path)

    def _step(self, at: QPointF) -> int:
        view, plan = self._chart.view, self._workspace.design.plan
        return min(max(round(self._layer.map.step(view.mapSceneToView(at).x())), 0), plan.total_steps)
