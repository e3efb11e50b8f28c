"""Number fields: formulas in each kind, digits stepped by keys and wheel, names dragged; each of it one edit."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from lrdesigner import edits
from lrdesigner.document import Batches, Plan
from lrdesigner.schedules import (
    SHAPES,
    Absolute,
    Cosine,
    Keyframe,
    Keyframes,
    Length,
    MultiStep,
    OneCycle,
    Shape,
    default_node,
    fields_of,
)
from lrdesigner.store import Change
from lrdesigner_app.schedule_editor import Inspector
from lrdesigner_app.schedule_editor.amount_field import AmountField
from lrdesigner_app.schedule_editor.keys_field import KeysField
from lrdesigner_app.schedule_editor.number_field import NumberField
from lrdesigner_app.schedule_editor.scrub_label import PIXELS, ScrubLabel
from lrdesigner_app.schedule_editor.struct_form import StructForm
from lrdesigner_app.workspace import Workspace

Key, Modifier = Qt.Key, Qt.KeyboardModifier
NONE, SHIFT, ALT = Modifier.NoModifier, Modifier.ShiftModifier, Modifier.AltModifier


class Desk:
    """The inspector under keys and mouse, and what the store told meanwhile."""

    def __init__(self, inspector: Inspector, workspace: Workspace) -> None:
        self.inspector, self.workspace = inspector, workspace
        self.changes: list[Change] = []
        workspace.store.subscribe(self.changes.append)

    @property
    def base(self) -> NumberField:
        return number(self.inspector.base_form, "base")

    @property
    def rate(self) -> float:
        """The base rate that the design has for good."""
        return self.workspace.store.committed.groups[0].lr.base

    @property
    def schedule(self) -> Any:
        return self.workspace.store.committed.groups[0].lr.schedule

    def give(self, schedule: object) -> None:
        self.workspace.commit("", edits.set_schedule, self.workspace.selected_group.id, schedule)
        QTest.qWait(20)  # until its fields are shown
        self.changes.clear()

    def part(self, name: str) -> NumberField:
        """A field of the schedule."""
        return number(self.inspector.segment.fields_form, name)

    def set_rate(self, rate: float) -> None:
        self.workspace.commit("", edits.set_base_lr, self.workspace.selected_group.id, rate)
        self.changes.clear()

    def edits(self) -> int:
        """How many history entries were made."""
        return sum(change.kind == "edit" for change in self.changes)


@pytest.fixture
def desk(inspector: Inspector, workspace: Workspace) -> Desk:
    return Desk(inspector, workspace)


def number(form: StructForm, name: str) -> NumberField:
    found = form.editor(name)
    assert isinstance(found, NumberField)
    return found


def enter(field: NumberField, text: str) -> None:
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, text)
    QTest.keyClick(field, Key.Key_Return)


def put_caret(field: NumberField, behind: str) -> None:
    """Put the caret behind these characters, as a click and the arrow keys do."""
    field.setFocus()
    QTest.keyClick(field, Key.Key_Home)
    for _ in behind:
        QTest.keyClick(field, Key.Key_Right)


def hold(field: QWidget, key: Qt.Key, times: int, modifiers: Qt.KeyboardModifier = NONE) -> None:
    """Hold a key down while it repeats, not yet let go."""
    QTest.keyPress(field, key, modifiers)
    for _ in range(times - 1):
        for kind in (QEvent.Type.KeyRelease, QEvent.Type.KeyPress):
            QApplication.sendEvent(field, QKeyEvent(kind, key, modifiers, "", True))


def turn(field: QWidget, notches: int, modifiers: Qt.KeyboardModifier = NONE) -> QWheelEvent:
    """Turn the wheel over a field."""
    centre = QPointF(field.rect().center())
    event = QWheelEvent(
        centre, QPointF(field.mapToGlobal(centre.toPoint())), QPoint(), QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton, modifiers, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(field, event)
    return event


def name_of(field: QWidget) -> QLabel:
    """The label whose buddy a field is."""
    return next(label for label in field.window().findChildren(QLabel) if label.buddy() is field)


def drag(label: QLabel, to: int, modifiers: Qt.KeyboardModifier = NONE, release: bool = True) -> None:
    """Press on a label and move so many pixels to the right, in steps of a few."""
    middle = label.rect().center()
    QTest.mousePress(label, Qt.MouseButton.LeftButton, modifiers, middle)
    start = QApplication.startDragDistance() if to > 0 else -QApplication.startDragDistance()
    for way in (start // 2, start, start + to // 2, start + to):
        move(label, way, modifiers)
    if release:
        QTest.mouseRelease(label, Qt.MouseButton.LeftButton, modifiers, middle + QPoint(start + to, 0))


def move(label: QLabel, way: int, modifiers: Qt.KeyboardModifier = NONE) -> None:
    place = QPointF(label.rect().center() + QPoint(way, 0))
    held = Qt.MouseButton.LeftButton
    event = QMouseEvent(
        QEvent.Type.MouseMove, place, QPointF(label.mapToGlobal(place)), Qt.MouseButton.NoButton, held, modifiers
    )
    QApplication.sendEvent(label, event)


@pytest.mark.parametrize(
    ("text", "rate"), [("1e-3*2", 2e-3), ("3e-4*3", 9e-4), ("1/1024", 1 / 1024), ("1e-4 + 2e-4", 3e-4)]
)
def test_a_number_is_typed_as_a_formula(desk: Desk, text: str, rate: float) -> None:
    enter(desk.base, text)
    assert desk.rate == rate


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("2*45 steps", Length(90, "steps")),
        ("10+5 %", Length(15, "percent")),
        ("1/4 epochs", Length(0.25, "epochs")),
        ("1e2", Length(100, "steps")),
        ("max(2, 3) epochs", Length(3, "epochs")),
    ],
)
def test_a_length_is_typed_as_a_formula(desk: Desk, text: str, length: Length) -> None:
    desk.give(Cosine())
    enter(desk.part("length"), text)
    assert desk.schedule.length == length


def test_each_length_of_several_is_typed_as_a_formula(desk: Desk) -> None:
    desk.give(MultiStep())
    enter(desk.part("milestones"), "2*10 %, max(1, 2)*2 epochs, 300+50")
    assert desk.schedule.milestones == (Length(20, "percent"), Length(4, "epochs"), Length(350, "steps"))


@pytest.mark.parametrize(("text", "level"), [("1/4", 0.25), ("2*5 %", 0.1), ("1e-5/2 absolute", Absolute(5e-6))])
def test_a_level_is_typed_as_a_formula(desk: Desk, text: str, level: object) -> None:
    desk.give(Cosine())
    enter(desk.part("floor"), text)
    assert desk.schedule.floor == level


def test_the_numbers_of_the_run_are_typed_as_formulas(desk: Desk) -> None:
    run = desk.inspector.run
    enter(number(run.plan_form, "epochs"), "3*10")
    enter(number(run.epoch_form, "epoch"), "1e2 / 4")
    assert desk.workspace.design.plan == Plan(25, 30)
    run.from_data.click()
    for name, text in (("samples", "5e4"), ("batch_size", "2**7")):
        enter(number(run.batches_form, name), text)
    batches = desk.workspace.store.committed.plan.epoch
    assert isinstance(batches, Batches)
    assert (batches.samples, batches.batch_size) == (50_000, 128)


def test_a_formula_that_is_not_whole_is_explained_where_whole_numbers_are_asked(desk: Desk) -> None:
    field = number(desk.inspector.run.plan_form, "epochs")
    said: list[str] = []
    field.explained.connect(said.append)
    enter(field, "7/2")
    assert said[-1] == "Epochs: 7/2 is not a whole number."
    assert field.text() == "7/2"
    assert field.property("invalid") == "true"


@pytest.mark.parametrize(
    ("behind", "expected", "text"),
    [("3", 4.25e-4, "4.25e-4"), ("3.2", 3.35e-4, "3.35e-4"), ("3.25", 3.26e-4, "3.26e-4")],
)
def test_up_changes_the_digit_left_of_the_caret(desk: Desk, behind: str, expected: float, text: str) -> None:
    desk.set_rate(3.25e-4)
    put_caret(desk.base, behind)
    QTest.keyClick(desk.base, Key.Key_Up)
    assert desk.rate == expected
    assert desk.base.text() == text
    assert desk.base.cursorPosition() == len(behind)
    QTest.keyClick(desk.base, Key.Key_Down)
    assert desk.rate == 3.25e-4


def test_the_caret_stays_at_its_digit_where_another_comes_before_it(desk: Desk) -> None:
    desk.set_rate(9.5e-4)
    put_caret(desk.base, "9")
    for _ in range(2):
        QTest.keyClick(desk.base, Key.Key_Up)
    assert desk.base.text() == "11.5e-4"
    assert desk.base.cursorPosition() == 2
    desk.inspector.header.name.setFocus()
    assert desk.base.text() == "0.00115"  # as such a number is written at rest


def test_a_digit_that_becomes_0_is_kept_while_it_is_edited(desk: Desk) -> None:
    desk.set_rate(0.109)
    put_caret(desk.base, "0.109")
    QTest.keyClick(desk.base, Key.Key_Up)
    assert (desk.base.text(), desk.base.cursorPosition()) == ("0.110", 5)
    QTest.keyClick(desk.base, Key.Key_Up)
    assert desk.rate == 0.111


def test_all_selected_the_first_digit_changes_and_all_stays_selected(desk: Desk) -> None:
    desk.base.setFocus()
    desk.base.selectAll()
    for _ in range(3):
        QTest.keyClick(desk.base, Key.Key_Up)
    assert desk.rate == 4e-3
    assert desk.base.selectedText() == "0.004"
    QTest.keyClicks(desk.base, "7")
    assert desk.base.text() == "7"


@pytest.mark.parametrize(
    ("key", "modifiers", "expected"),
    [
        (Key.Key_Up, SHIFT, 3.5e-3 + 1e-2),
        (Key.Key_Up, ALT, 7e-3),
        (Key.Key_Down, ALT, 1.75e-3),
        (Key.Key_PageUp, NONE, 3.5e-2),
        (Key.Key_PageDown, NONE, 3.5e-4),
    ],
)
def test_keys_change_it_by_ten_digits_by_two_and_by_ten(
    desk: Desk, key: Qt.Key, modifiers: Qt.KeyboardModifier, expected: float
) -> None:
    desk.set_rate(3.5e-3)
    desk.base.setFocus()
    QTest.keyClick(desk.base, key, modifiers)
    assert desk.rate == pytest.approx(expected, rel=1e-12)
    assert desk.edits() == 1


def test_whole_numbers_stay_whole_and_within_their_bounds(desk: Desk) -> None:
    field = number(desk.inspector.run.plan_form, "epochs")
    field.setFocus()
    seen = []
    for _ in range(6):
        QTest.keyClick(field, Key.Key_Down, ALT)
        seen.append(desk.workspace.store.committed.plan.epochs)
    assert seen == [5, 2, 1, 1, 1, 1]
    assert field.property("invalid") == "true"  # and says that it must be at least 1


def test_a_step_over_a_bound_ends_at_it(desk: Desk) -> None:
    desk.give(OneCycle(pct_start=0.95))
    field = desk.part("pct_start")
    field.setFocus()
    QTest.keyClick(field, Key.Key_Up)
    assert desk.schedule.pct_start == 1.0


def test_a_length_keeps_its_unit_in_words_that_fit(desk: Desk) -> None:
    desk.give(Cosine(length=Length(1, "epochs")))
    field = desk.part("length")
    put_caret(field, "1")
    QTest.keyClick(field, Key.Key_Up)
    assert desk.schedule.length == Length(2, "epochs")
    assert (field.text(), field.cursorPosition()) == ("2 epochs", 1)
    QTest.keyClick(field, Key.Key_Down)
    assert field.text() == "1 epoch"


def test_of_several_lengths_the_one_at_the_caret_changes(desk: Desk) -> None:
    desk.give(MultiStep((Length(30, "percent"), Length(60, "percent"))))
    field = desk.part("milestones")
    put_caret(field, "30%, 6")
    QTest.keyClick(field, Key.Key_Up)
    assert desk.schedule.milestones == (Length(30, "percent"), Length(70, "percent"))
    assert field.cursorPosition() == len("30%, 6")


def test_a_formula_that_is_being_typed_is_stepped_as_its_value(desk: Desk) -> None:
    desk.base.setFocus()
    desk.base.selectAll()
    QTest.keyClicks(desk.base, "3e-4*2")
    QTest.keyClick(desk.base, Key.Key_Up)
    assert desk.rate == 7e-4
    assert desk.edits() == 1


def test_a_held_key_previews_and_is_one_edit_when_it_is_let_go(desk: Desk) -> None:
    desk.base.setFocus()
    hold(desk.base, Key.Key_Up, 5)
    assert desk.workspace.design.groups[0].lr.base == 6e-3
    assert desk.rate == 1e-3
    assert {change.kind for change in desk.changes} == {"preview"}
    QTest.keyRelease(desk.base, Key.Key_Up)
    assert desk.rate == 6e-3
    assert desk.edits() == 1
    desk.workspace.store.undo()
    assert desk.rate == 1e-3
    assert desk.base.text() == "0.001"


def test_escape_while_a_key_is_held_restores(desk: Desk) -> None:
    desk.base.setFocus()
    hold(desk.base, Key.Key_Up, 5)
    QTest.keyClick(desk.base, Key.Key_Escape)
    QTest.keyRelease(desk.base, Key.Key_Up)
    assert desk.workspace.design.groups[0].lr.base == 1e-3
    assert desk.base.text() == "0.001"
    assert desk.edits() == 0


def test_leaving_while_a_key_is_held_keeps_what_was_reached(desk: Desk) -> None:
    desk.base.setFocus()
    hold(desk.base, Key.Key_Up, 3)
    desk.inspector.header.name.setFocus()
    assert desk.rate == 4e-3
    assert desk.edits() == 1


def test_up_and_down_again_while_held_is_no_edit(desk: Desk) -> None:
    desk.base.setFocus()
    hold(desk.base, Key.Key_Up, 2)
    hold(desk.base, Key.Key_Down, 2)
    QTest.keyRelease(desk.base, Key.Key_Down)
    assert desk.rate == 1e-3
    assert desk.workspace.store.undo_label is None


def test_undo_is_of_the_text_while_it_is_typed_and_of_the_design_after(desk: Desk) -> None:
    desk.set_rate(5e-3)
    field = desk.base
    field.setFocus()
    QTest.keyClick(field, Key.Key_End)
    QTest.keyClicks(field, "9")
    undo = QKeyEvent(QEvent.Type.ShortcutOverride, Key.Key_Z, Modifier.ControlModifier)
    undo.ignore()
    QApplication.sendEvent(field, undo)
    assert undo.isAccepted()  # the field's
    QTest.keyClick(field, Key.Key_Z, Modifier.ControlModifier)
    assert field.text() == "0.005"
    assert desk.edits() == 0
    enter(field, "0.006")
    undo = QKeyEvent(QEvent.Type.ShortcutOverride, Key.Key_Z, Modifier.ControlModifier)
    undo.ignore()
    QApplication.sendEvent(field, undo)
    assert not undo.isAccepted()  # the window's


def test_the_wheel_changes_the_field_with_the_focus_as_one_edit(desk: Desk, qtbot: QtBot) -> None:
    field = desk.base
    field.setFocus()
    move_over(field)
    assert turn(field, 1).isAccepted()
    turn(field, 2)
    turn(field, -1)
    assert desk.workspace.design.groups[0].lr.base == 3e-3
    assert desk.edits() == 0
    qtbot.waitUntil(lambda: desk.edits() == 1)
    assert desk.rate == 3e-3


def test_the_wheel_leaves_a_field_without_the_focus_alone(desk: Desk) -> None:
    desk.inspector.header.name.setFocus()
    move_over(desk.base)
    assert not turn(desk.base, 1).isAccepted()
    assert desk.changes == []


def test_the_wheel_leaves_a_field_alone_that_scrolled_below_the_pointer(desk: Desk) -> None:
    desk.inspector.resize(300, 300)
    field, area = desk.base, desk.inspector.findChildren(QScrollArea)[0]
    field.setFocus()
    move_over(field)
    area.verticalScrollBar().setValue(area.verticalScrollBar().value() + 8)
    assert not turn(field, 1).isAccepted()
    assert desk.changes == []
    move_over(field)
    assert turn(field, 1).isAccepted()


def move_over(field: QWidget) -> None:
    place = QPointF(field.rect().center())
    none = Qt.MouseButton.NoButton
    event = QMouseEvent(QEvent.Type.MouseMove, place, QPointF(field.mapToGlobal(place)), none, none, NONE)
    QApplication.sendEvent(field, event)


def test_dragging_the_name_changes_the_first_digit_as_one_edit(desk: Desk) -> None:
    label = name_of(desk.base)
    assert label.cursor().shape() == Qt.CursorShape.SizeHorCursor
    drag(label, 3 * PIXELS, release=False)
    assert desk.workspace.design.groups[0].lr.base == 4e-3
    assert desk.base.text() == "0.004"
    assert desk.edits() == 0
    QTest.mouseRelease(label, Qt.MouseButton.LeftButton)
    assert desk.rate == 4e-3
    assert desk.edits() == 1
    assert desk.base.hasFocus()


def test_dragging_goes_down_through_the_decades_and_back_to_the_very_start(desk: Desk) -> None:
    desk.set_rate(1.27e-3)
    label = name_of(desk.base)
    drag(label, -13 * PIXELS, release=False)
    low = desk.workspace.design.groups[0].lr.base
    assert 1e-5 < low < 1e-3
    move(label, -QApplication.startDragDistance())
    assert desk.workspace.design.groups[0].lr.base == 1.27e-3
    QTest.mouseRelease(label, Qt.MouseButton.LeftButton)
    assert desk.edits() == 0


def test_dragging_with_shift_is_ten_times_finer(desk: Desk) -> None:
    drag(name_of(desk.base), 3 * PIXELS, SHIFT)
    assert desk.rate == pytest.approx(1.3e-3)


@pytest.mark.parametrize("how", ["escape", "right button"])
def test_a_drag_of_the_name_is_taken_back(desk: Desk, how: str) -> None:
    label = name_of(desk.base)
    drag(label, 3 * PIXELS, release=False)
    if how == "escape":
        QTest.keyClick(label, Key.Key_Escape)
    else:
        QTest.mousePress(label, Qt.MouseButton.RightButton)
    move(label, 100)
    QTest.mouseRelease(label, Qt.MouseButton.LeftButton)
    assert desk.workspace.design.groups[0].lr.base == 1e-3
    assert desk.base.text() == "0.001"
    assert desk.edits() == 0
    assert desk.base.hasFocus()


def test_no_shortcut_comes_through_while_a_name_is_dragged(desk: Desk) -> None:
    desk.set_rate(2e-3)
    label = name_of(desk.base)
    drag(label, 2 * PIXELS, release=False)
    undo = QKeyEvent(QEvent.Type.ShortcutOverride, Key.Key_Z, Modifier.ControlModifier)
    undo.ignore()
    QApplication.sendEvent(label, undo)
    assert undo.isAccepted()
    QTest.mouseRelease(label, Qt.MouseButton.LeftButton)
    assert desk.rate == 4e-3


def test_a_drag_ends_where_the_design_allows_no_more(desk: Desk) -> None:
    desk.give(OneCycle(pct_start=0.75))
    drag(name_of(desk.part("pct_start")), 20 * PIXELS)
    assert desk.schedule.pct_start == 1.0
    assert desk.part("pct_start").property("invalid") == "false"


def test_a_drag_ends_what_is_being_typed(desk: Desk) -> None:
    desk.base.setFocus()
    desk.base.selectAll()
    QTest.keyClicks(desk.base, "0.005")
    drag(name_of(desk.base), 2 * PIXELS)
    assert desk.rate == 7e-3
    assert desk.edits() == 2


def test_a_drag_of_another_name_is_taken_back_when_the_focus_is_lost(desk: Desk) -> None:
    drag(name_of(desk.base), 2 * PIXELS, release=False)
    desk.inspector.header.name.setFocus()
    assert desk.workspace.design.groups[0].lr.base == 1e-3
    assert desk.inspector.header.name.hasFocus()


def test_a_click_on_the_name_goes_into_the_field(desk: Desk) -> None:
    QTest.mouseClick(name_of(desk.base), Qt.MouseButton.LeftButton)
    assert desk.base.hasFocus()
    assert desk.base.selectedText() == "0.001"


def test_only_names_of_numbers_can_be_dragged(desk: Desk) -> None:
    desk.give(OneCycle())
    form = desk.inspector.segment.fields_form
    for name in form.names:
        label = name_of(form.editor(name))
        assert isinstance(label, ScrubLabel) == isinstance(form.editor(name), NumberField)
        assert (label.cursor().shape() == Qt.CursorShape.SizeHorCursor) == isinstance(label, ScrubLabel)


def test_a_field_says_its_bounds_and_its_keys(desk: Desk) -> None:
    tip = desk.base.toolTip()
    assert "Above 0, at most 1e6" in tip
    assert "Alt+Up" in tip
    assert "Page Up" in tip
    desk.give(Cosine())
    assert "F4" in desk.part("length").toolTip()


@pytest.fixture
def keys(desk: Desk) -> KeysField:
    curve = (
        Keyframe(Length(0, "steps"), 0.5),
        Keyframe(Length(100, "steps"), 1.0),
        Keyframe(Length(200, "steps"), 0.2),
    )
    desk.give(Keyframes(curve))
    desk.workspace.keys.select((1, 2))
    found = desk.inspector.segment.fields_form.editor("keys")
    assert isinstance(found, KeysField)
    return found


@pytest.mark.parametrize(
    ("row", "mode", "expected"),
    [
        ("value", "scale", [(0, 0.5), (100, 1.2), (200, 0.24)]),
        ("value", "offset", [(0, 0.5), (100, 3.0), (200, 2.2)]),
        ("value", "set", [(0, 0.5), (100, 3.0), (200, 3.0)]),
        ("time", "offset", [(0, 0.5), (300, 1.0), (400, 0.2)]),
        ("time", "set", [(0, 0.5), (300, 1.0), (400, 0.2)]),
        ("time", "scale", [(0, 0.5), (100, 1.0), (220, 0.2)]),
    ],
)
@pytest.mark.parametrize("how", ["key", "name"])
def test_amounts_of_several_keys_are_stepped_and_dragged_as_one_edit(
    desk: Desk, keys: KeysField, row: str, mode: str, expected: list[tuple[float, float]], how: str
) -> None:
    amount = getattr(keys.several, row)
    amount.mode.setCurrentIndex(amount.mode.findData(mode))
    amount.mode.activated.emit(amount.mode.currentIndex())
    field: AmountField = amount.field
    field.setFocus()
    if how == "key":
        hold(field, Key.Key_Up, 2)
        QTest.keyRelease(field, Key.Key_Up)
    else:
        drag(name_of(field), 2 * PIXELS)
    found = [(key.at.value, pytest.approx(key.value)) for key in desk.schedule.keys]
    assert found == expected
    assert desk.edits() == 1
    assert field.text() == ""


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.tag)
def test_every_number_of_every_shape_is_stepped_as_one_edit_that_can_be_undone(desk: Desk, shape: Shape) -> None:
    desk.give(default_node(shape))
    form, found = desk.inspector.segment.fields_form, 0
    for name in form.names:
        field = form.editor(name)
        if not isinstance(field, NumberField) or not field.text() or field.text() == "rest":
            continue
        found += 1
        ways = 0
        for key in (Key.Key_Up, Key.Key_Down):
            before = desk.workspace.store.committed
            desk.changes.clear()
            field.setFocus()
            hold(field, key, 3)
            moved = desk.workspace.design is not before
            QTest.keyRelease(field, key)
            ways += moved
            assert desk.edits() == int(moved)
            assert moved or field.property("invalid") == "true"  # at its bound, which is said
            if moved:
                desk.workspace.store.undo()
            assert desk.workspace.design is before
        assert ways  # up or down at least
    numbers = [field for field in fields_of(shape.node) if field.kind in ("number", "integer", "level")]
    assert found >= sum(getattr(default_node(shape), field.name) is not None for field in numbers)


def test_the_fields_of_one_key_and_of_a_frozen_stretch_are_stepped(desk: Desk, keys: KeysField) -> None:
    desk.workspace.keys.select((1,))
    QTest.qWait(20)
    field = number(keys.form, "value")
    field.setFocus()
    hold(field, Key.Key_Down, 2)
    QTest.keyRelease(field, Key.Key_Down)
    assert desk.schedule.keys[1].value == 0.8
    assert desk.edits() == 1
    desk.inspector.freeze.add.click()
    stretch = number(desk.inspector.freeze.forms[0], "length")
    drag(name_of(stretch), 2 * PIXELS)
    assert desk.workspace.store.committed.groups[0].freeze[0].length == Length(3, "epochs")
