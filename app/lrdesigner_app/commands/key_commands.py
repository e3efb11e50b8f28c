"""What is done to the keys of a curve drawn by hand. Selecting them is elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Literal, get_args

from lrdesigner.curve_handles import HandleEdit
from lrdesigner.errors import UserError
from lrdesigner.schedules.key_edits import in_time
from lrdesigner.schedules.key_tangents import release_controls
from lrdesigner.schedules.keyframes import Interpolation
from lrdesigner.track_keys import TrackKeys
from lrdesigner_app.actions import ActionSpec
from lrdesigner_app.notices import Notice

if TYPE_CHECKING:
    from lrdesigner_app.main_window import MainWindow

_WAYS: tuple[Interpolation, ...] = get_args(Interpolation)


class KeyCommands:
    """Of the part that is being edited, and of the keys that are selected."""

    rows: ClassVar[tuple[ActionSpec, ...]] = (
        ActionSpec("insert_key", "Curve", "&Insert key", "I", "Add a key to the curve at the playhead", scope="plot"),
        ActionSpec("remove_keys", "Curve", "&Remove keys", "Del", "Remove the selected keys", "selected", "plot"),
        ActionSpec(
            "next_interpolation",
            "Curve",
            "Ne&xt interpolation",
            "V",
            "After the selected keys: hold, line, smooth, bezier",
            "selected",
            "plot",
        ),
        ActionSpec(
            "previous_interpolation",
            "Curve",
            "Previous interpolation",
            "Shift+V",
            "After the selected keys: bezier, smooth, line, hold",
            "selected",
            "plot",
        ),
        ActionSpec(
            "automatic_controls",
            "Curve",
            "A&utomatic control points",
            "Shift+A",
            "Give the control points of the selected keys back to where the curve is smooth",
            "selected",
            "plot",
        ),
        ActionSpec(
            "previous_key", "Curve", "Pre&vious key", "[", "Select the key before the active one", "keyed", "plot"
        ),
        ActionSpec("next_key", "Curve", "&Next key", "]", "Select the key after the active one", "keyed", "plot"),
        ActionSpec(
            "equal_to_previous",
            "Curve",
            "E&qual to the previous key",
            "Ctrl+[",
            "Give the selected keys the value of the key before them",
            "selected",
            "plot",
        ),
        ActionSpec(
            "equal_to_next",
            "Curve",
            "Equal to the nex&t key",
            "Ctrl+]",
            "Give the selected keys the value of the key after them",
            "selected",
            "plot",
        ),
        ActionSpec(
            "bake", "Curve", "&Bake into keys", "B", "Put keys in the place of the edited part", "bakeable", "plot"
        ),
        ActionSpec(
            "simplify", "Curve", "Si&mplify keys", "Shift+B", "Drop the keys that matter little", "keyed", "plot"
        ),
        ActionSpec(
            "toggle_snapping",
            "Curve",
            "Snappin&g",
            "S",
            "Let what is dragged catch lines, or not; Ctrl during a drag does the opposite",
            scope="plot",
        ),
    )

    def __init__(self, window: MainWindow) -> None:
        self._window, self._workspace = window, window.workspace

    @property
    def keyed(self) -> bool:
        """Whether a curve drawn by hand is being edited."""
        return self._workspace.keys.node is not None

    @property
    def bakeable(self) -> bool:
        """Whether something else is being edited."""
        return self._workspace.keys.node is None

    @property
    def selected(self) -> bool:
        """Whether a key is selected."""
        return self._workspace.keys.active is not None

    def insert_key(self) -> None:
        """A key at the playhead."""
        playhead = self._workspace.display.look.playhead
        if playhead is None:
            self._workspace.post(Notice("Mark a step first: M marks the one at the pointer."))
        else:
            self._window.plot.key_insertion.add_at(playhead)

    def remove_keys(self) -> None:
        """Without the selected keys."""
        indices = self._workspace.keys.indices
        if indices and self._commit(lambda keys: keys.remove(indices)):
            self._workspace.keys.clear()

    def next_interpolation(self) -> None:
        """The next way of all selected keys, counted from that of the active one."""
        self._interpolate(1)

    def previous_interpolation(self) -> None:
        """The way before."""
        self._interpolate(-1)

    def automatic_controls(self) -> None:
        """Both sides of every selected key."""
        indices = self._workspace.keys.indices

        def released(keys: TrackKeys) -> HandleEdit:
            node = keys.node
            for index in indices:
                node = release_controls(node, keys.span, index)
            return keys.replaced("Smooth", len(indices), node)

        self._commit(released)

    def previous_key(self) -> None:
        """Select the key before."""
        self._step(-1)

    def next_key(self) -> None:
        """Select the key after."""
        self._step(1)

    def equal_to_previous(self) -> None:
        """The value of the key before."""
        indices = self._workspace.keys.indices
        self._commit(lambda keys: keys.equalise(indices, -1))

    def equal_to_next(self) -> None:
        """The value of the key after."""
        indices = self._workspace.keys.indices
        self._commit(lambda keys: keys.equalise(indices, 1))

    def bake(self) -> None:
        """Keys in the place of the part."""
        self._workspace.segments.bake()

    def simplify(self) -> None:
        """Fewer keys."""
        self._workspace.segments.simplify()
        self._workspace.keys.clear()

    def toggle_snapping(self) -> None:
        """Snap, or do not."""
        display = self._workspace.display
        display.set_snapping(not display.look.snapping)
        self._workspace.post(Notice(f"Snapping is {'on' if display.look.snapping else 'off'}."))

    def _interpolate(self, direction: Literal[-1, 1]) -> None:
        node, selection = self._workspace.keys.node, self._workspace.keys
        if node is None or selection.active is None:
            return
        way = _WAYS[(_WAYS.index(node.keys[selection.active].then) + direction) % len(_WAYS)]
        self._commit(lambda keys: keys.interpolate(selection.indices, way))

    def _step(self, direction: Literal[-1, 1]) -> None:
        selection, node = self._workspace.keys, self._workspace.keys.node
        if node is None:
            return
        order = in_time(node, self._workspace.segments.span)
        if selection.active not in order:
            selection.select((order[0] if direction > 0 else order[-1],))
            return
        place = min(max(order.index(selection.active) + direction, 0), len(order) - 1)
        selection.select((order[place],))

    def _commit(self, edit_of: Callable[[TrackKeys], HandleEdit]) -> bool:
        workspace = self._workspace
        keys = workspace.keys.curve
        if keys is None:
            return False
        try:
            edit = edit_of(keys)
        except UserError as error:
            workspace.post(Notice(str(error), "bad"))
            return False
        return workspace.perform(edit)
