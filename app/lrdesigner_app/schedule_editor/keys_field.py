"""The editor of a curve's keyframes: a list of them, and the form of those that are selected."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from msgspec.structs import replace
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from lrdesigner.checked import replaced
from lrdesigner.curve_handles import HandleEdit, Scene
from lrdesigner.errors import UserError
from lrdesigner.key_transforms import Amount, change_keys
from lrdesigner.numbers import rate
from lrdesigner.schedules import Field, Keyframe, Keyframes, Span, resolve
from lrdesigner.schedules.key_edits import in_time, insert_key
from lrdesigner.schedules.key_picks import neighbour
from lrdesigner.track_keys import TrackKeys
from lrdesigner_app.schedule_editor.key_list import KeyList
from lrdesigner_app.schedule_editor.one_key_form import OneKeyForm
from lrdesigner_app.schedule_editor.outlet import FormOutlet, Outlet, apply
from lrdesigner_app.schedule_editor.several_keys_form import SeveralKeysForm, SeveralOutlet
from lrdesigner_app.theme import GRID
from lrdesigner_app.widgets import label, small_button
from lrdesigner_app.workspace import Workspace

Keys = tuple[Keyframe, ...]


class KeysField(QWidget):
    """Edits a tuple of keyframes; which of them are selected is shared with the plot (`workspace.keys`)."""

    def __init__(self, field: Field, outlet: Outlet, workspace: Workspace) -> None:
        super().__init__()
        self._outlet, self._workspace = outlet, workspace
        self._keys: Keys = ()
        self._curve: Keyframes | None = None
        self._span: Span | None = None
        self.setAccessibleName(field.title)
        self.list = KeyList()
        self.setFocusProxy(self.list)
        self.title = label("", "section")
        self.previous = small_button("arrow-left", "Previous key ([ in the plot)")
        self.next = small_button("arrow-right", "Next key (] in the plot)")
        self.earlier = small_button("arrow-up", "Move this key earlier (Alt+Up in the list)")
        self.later = small_button("arrow-down", "Move this key later (Alt+Down in the list)")
        self.less = small_button("minus", "Remove the selected keys (Delete in the list)")
        self.more = small_button("plus", "Add a key after this one (+ in the list)")
        self.one = OneKeyForm(FormOutlet(self._change, outlet.cancel, outlet.refuse))
        self.form = self.one.fields
        self.several = SeveralKeysForm(SeveralOutlet(self._transform, self._set_then, outlet.cancel, outlet.refuse))
        self._build()
        self._connect()

    def _build(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(0)
        row.addWidget(self.title, 1)
        for made in (self.previous, self.next, self.earlier, self.later, self.less, self.more):
            row.addWidget(made)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        column.addWidget(self.list)
        column.addLayout(row)
        column.addWidget(self.one)
        column.addWidget(self.several)
        column.addSpacing(GRID // 2)
        column.addWidget(label("Of the whole curve", "secondary"))  # what the form around this one goes on with

    def _connect(self) -> None:
        self.previous.clicked.connect(lambda: self.go(-1))
        self.next.clicked.connect(lambda: self.go(1))
        self.earlier.clicked.connect(lambda: self.move_key(-1))
        self.later.clicked.connect(lambda: self.move_key(1))
        self.less.clicked.connect(self.remove_keys)
        self.more.clicked.connect(self.add_key)
        self.one.equal_wanted.connect(self._equalise)
        self.list.move_wanted.connect(self.move_key)
        self.list.remove_wanted.connect(self.remove_keys)
        self.list.add_wanted.connect(self.add_key)
        self.list.chosen.connect(self._workspace.keys.select)
        self.list.currentItemChanged.connect(self._on_current_changed)
        self._workspace.keys.changed.connect(self._show_current)

    @property
    def index(self) -> int:
        """Place of the key that the form is about: the active one, where none is selected the current row's."""
        active = self._workspace.keys.active
        found = self.list.currentIndex().row() if active is None else active
        return max(0, min(found, len(self._keys) - 1))

    @property
    def indices(self) -> tuple[int, ...]:
        """The selected keys, or the one that the form is about."""
        return self._workspace.keys.indices or (self.index,)

    def show_span(self, span: Span) -> None:
        """What the keys' times refer to."""
        self._span = span

    def show_whole(self, curve: Keyframes) -> None:
        """The curve that the keys make, on which a new one is put."""
        self._curve = curve

    def show_value(self, value: Any) -> None:
        """Show the keys of the design; the selected places stay."""
        if value is not self._keys:
            self._keys = value
            self.list.show_keys(value)
        self._show_current()

    def select(self, index: int) -> None:
        """Select another key, and no other."""
        self._workspace.keys.select((max(0, min(index, len(self._keys) - 1)),))

    def go(self, direction: Literal[-1, 1]) -> None:
        """Select the key before or after the active one in time."""
        if self._curve is not None and self._span is not None:
            found = neighbour(self._curve, self._span, self.index, direction)
            if found is not None:
                self.select(found)

    def add_key(self) -> None:
        """Add a key half-way to the next one, on the curve."""
        curve, span, index = self._curve, self._span, self.index
        if curve is None or span is None:
            return
        after = self._keys[index + 1] if index + 1 < len(self._keys) else None
        step = self._between(span, self._keys[index], after)
        if any(resolve(key.at, span) == step for key in self._keys):
            self._outlet.refuse("There is no step between this key and the next.")
            return
        try:
            value = _at(insert_key(curve, span, step).keys, step, span)[1].value
            keys = tuple(_short(key) for key in insert_key(curve, span, step, float(f"{value:.4g}")).keys)
        except UserError as error:
            self._outlet.refuse(str(error))
            return
        if self._outlet.keep(keys):
            self.select(_at(keys, step, span)[0])

    def remove_keys(self) -> None:
        """Remove the selected keys; a curve needs one."""
        first = min(self.indices)
        if self._commit(lambda keys: keys.remove(self.indices)):
            self.select(first)

    def move_key(self, by: int) -> None:
        """Exchange the key with a neighbour in the list: each takes the other's time."""
        index, target = self.index, self.index + by
        if not 0 <= target < len(self._keys) or len(self.indices) > 1:
            return
        one, other = self._keys[index], self._keys[target]
        keys = list(self._keys)
        keys[index], keys[target] = replace(other, at=one.at), replace(one, at=other.at)
        if self._outlet.keep(tuple(keys)):
            self.select(target)

    def _between(self, span: Span, before: Keyframe, after: Keyframe | None) -> int:
        """The step half-way to the next key, or to the end of the schedule."""
        start = resolve(before.at, span)
        end = max(span.steps, start) if after is None else resolve(after.at, span)
        return (start + end) // 2 if after is not None or end > start + 1 else end + 1

    def _change(self, name: str, value: Any, keep: bool) -> None:
        index = self.index
        changed = replaced(self._keys[index], **{name: value})
        self._outlet.send((*self._keys[:index], changed, *self._keys[index + 1 :]), keep)

    def _place(self) -> tuple[int, Any, tuple[int, ...]]:
        return self._workspace.selected_group.id, self._workspace.selected_slot, self._workspace.keys.path

    def _transform(self, time: Amount | None, value: Amount | None, keep: bool) -> None:
        indices = self.indices
        words = f"{len(indices)} keys of {self._workspace.selected_group.name}"
        apply(self._workspace, keep, words, change_keys, *self._place(), indices, time, value)

    def _set_then(self, kind: Any) -> None:
        self._commit(lambda keys: keys.interpolate(self.indices, kind))

    def _equalise(self, direction: int) -> None:
        self._commit(lambda keys: keys.equalise(self.indices, 1 if direction > 0 else -1))

    def _commit(self, edit_of: Callable[[TrackKeys], HandleEdit]) -> bool:
        try:
            edit = edit_of(self._track_keys())
        except UserError as error:
            self._outlet.refuse(str(error))
            return False
        return self._workspace.perform(edit)

    def _track_keys(self) -> TrackKeys:
        return self._workspace.segments.keys_at(self._place()[2])

    def _on_current_changed(self) -> None:
        if not self._workspace.keys.indices:  # else the selection, which changes just after it, tells
            self._show_current()

    def _show_current(self) -> None:
        if not self._keys or self._curve is None or self._workspace.keys.node is not self._curve:
            return  # between two designs: what the selection is about is not yet shown here
        index, indices = self.index, self._workspace.keys.indices
        several = len(indices) > 1
        self.list.show_selected(indices, index)
        self.title.setText(f"{len(indices)} KEYS" if several else f"KEY {index + 1}/{len(self._keys)}")
        self.one.setVisible(not several)
        self.several.setVisible(several)
        order = in_time(self._curve, self._span) if self._span is not None else [index]
        first, last = index == order[0], index == order[-1]
        if several:
            self.several.show_keys(self._keys, indices, self._span)
        else:
            self.one.show_key(self._keys[index], self._span, self._words(index), first=first, last=last)
        self.previous.setEnabled(not first)
        self.next.setEnabled(not last)
        self.earlier.setEnabled(index > 0 and not several)
        self.later.setEnabled(index < len(self._keys) - 1 and not several)
        self.less.setEnabled(len(self._keys) > max(len(indices), 1))

    def _words(self, index: int) -> str:
        """What the track has at a key: "lr 5e-4 at step 90, epoch 2"; "" where nothing shows the key."""
        group, slot, _ = self._place()
        plan = self._workspace.design.plan
        point = next((point for point in self._track_keys().points if point.index == index), None)
        if point is None:
            return "Another key at this step takes its place."
        unit = Scene(self._workspace.design.group(group), slot, plan).unit
        value = f"{unit} {rate(point.value)} at " if point.value == point.value else "At "
        return f"{value}step {point.step:,}, epoch {point.step / plan.steps_per_epoch:,.4g}"


def _at(keys: Keys, step: int, span: Span) -> tuple[int, Keyframe]:
    """The key at a step, with its place."""
    return next((place, key) for place, key in enumerate(keys) if resolve(key.at, span) == step)


def _short(key: Keyframe) -> Keyframe:
    """With control points that can be read: four digits are nearer than any eye."""
    leave, arrive = (None if value is None else float(f"{value:.4g}") for value in (key.leave, key.arrive))
    return replace(key, leave=leave, arrive=arrive)
