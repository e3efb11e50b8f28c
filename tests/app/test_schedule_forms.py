"""Every shape can be chosen, every field of it typed, chosen or switched, and undone; nonsense is explained live."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QScrollArea
from pytestqt.qtbot import QtBot

from lrdesigner import edits
from lrdesigner.document import Batches, Freeze, Plan
from lrdesigner.schedules import (
    SHAPES,
    Absolute,
    Constant,
    Cosine,
    Cyclic,
    Expression,
    Field,
    Keyframe,
    Keyframes,
    Length,
    Linear,
    MultiStep,
    OneCycle,
    Polynomial,
    Segment,
    Sequence,
    Shape,
    default_node,
    factors,
    fields_of,
    resolve,
)
from lrdesigner_app.layout import INSPECTOR_MIN
from lrdesigner_app.notices import Notice
from lrdesigner_app.schedule_editor import Inspector
from lrdesigner_app.schedule_editor.keys_field import KeysField
from lrdesigner_app.schedule_editor.length_field import LengthField
from lrdesigner_app.schedule_editor.shape_chooser import HEADINGS
from lrdesigner_app.schedule_editor.struct_form import LABEL_WIDTH, WIDE
from lrdesigner_app.schedule_editor.value_fields import ChoiceField, SwitchField, TextField
from lrdesigner_app.selection import SegmentSelection
from lrdesigner_app.workspace import Workspace

TYPED_KINDS = ("number", "integer", "level", "length", "lengths", "formula")


def schedule_of(workspace: Workspace) -> Any:
    return workspace.store.committed.groups[0].lr.schedule


def choose(combo: QComboBox, data: object) -> None:
    """As by the keyboard: open the list, go to the entry, press Enter."""
    combo.setFocus()
    combo.showPopup()
    view = combo.view()
    view.setCurrentIndex(combo.model().index(combo.findData(data), 0))
    QTest.keyClick(view, Qt.Key.Key_Return)


def type_into(field: TextField, text: str) -> None:
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, text)


def give(workspace: Workspace, schedule: Any) -> None:
    workspace.commit("", edits.set_schedule, workspace.selected_group.id, schedule)


def editor(inspector: Inspector, name: str) -> Any:
    return inspector.segment.fields_form.editor(name)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.tag)
def test_every_shape_is_chosen_edited_field_by_field_and_undone(
    inspector: Inspector, workspace: Workspace, selection: SegmentSelection, shape: Shape
) -> None:
    give(workspace, Expression("1") if shape.tag == "constant" else Constant())
    before = workspace.design
    choose(inspector.segment.shape, shape.tag)
    assert type(schedule_of(workspace)) is shape.node
    for field in fields_of(shape.node):
        if shape.tag == "sequence" or field.kind not in (*TYPED_KINDS, "choice", "switch"):
            continue
        found = editor(inspector, field.name)
        assert found.accessibleName() == field.title
        assert found.toolTip().startswith(field.help)
        assert field.help
        start = workspace.store.committed
        wanted = _enter(found, field, getattr(schedule_of(workspace), field.name))
        assert getattr(schedule_of(workspace), field.name) == wanted
        workspace.store.undo()
        assert workspace.design is start
        workspace.store.redo()
        assert getattr(schedule_of(workspace), field.name) == wanted
        workspace.store.undo()
    workspace.store.undo()
    assert workspace.design is before


def _enter(found: Any, field: Field, old: Any) -> Any:
    """Enter another value as a person does; returns it."""
    match field.kind:
        case "switch":
            found.click()
            return not old
        case "choice":
            wanted: Any = next(choice for choice in field.choices if choice != old)
            choose(found, wanted)
            return wanted
        case "formula":
            text, wanted = "0.5", "0.5"
        case "length":
            text, wanted = "7 epochs", Length(7.0, "epochs")
        case "lengths":
            text, wanted = "3 epochs, 80%", (Length(3.0, "epochs"), Length(80.0, "percent"))
        case "level":
            text, wanted = ("3%", 0.03) if old != 0.03 else ("4%", 0.04)
        case "integer":
            text, wanted = "7", 7
        case _:
            wanted = _number(field, old)
            text = str(wanted)
    type_into(found, text)
    QTest.keyClick(found, Qt.Key.Key_Return)
    return wanted


def _number(field: Field, old: float) -> float:
    for value in (0.75, 1.5, 0.25, 2.0):
        low = field.minimum if field.minimum is not None else field.above
        if value != old and (low is None or value > low) and (field.maximum is None or value <= field.maximum):
            return value
    raise AssertionError(field)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.tag)
def test_every_typed_field_of_every_shape_explains_nonsense_and_loses_nothing(
    inspector: Inspector, workspace: Workspace, shape: Shape
) -> None:
    give(workspace, Expression("1") if shape.tag == "constant" else Constant())
    choose(inspector.segment.shape, shape.tag)
    before = workspace.store.committed
    for field in fields_of(shape.node):
        if field.kind not in TYPED_KINDS:
            continue
        found = editor(inspector, field.name)
        said: list[str] = []
        found.explained.connect(said.append)
        for text in ("-1e12" if field.kind != "formula" else "epok", "nonsense"):
            type_into(found, text)
            assert said[-1], f"{field.name} says nothing about {text}"
            assert field.kind == "formula" or field.title in said[-1] or "length" in said[-1]
            assert found.property("invalid") == "true"
            assert found.text() == text
            assert workspace.design is before
        QTest.keyClick(found, Qt.Key.Key_Return)
        assert workspace.store.committed is before
        QTest.keyClick(found, Qt.Key.Key_Escape)
        assert found.property("invalid") == "false"


def test_every_title_has_room_before_its_editor(inspector: Inspector) -> None:
    metrics = inspector.fontMetrics()
    for struct in (*(shape.node for shape in SHAPES), Keyframe, Segment, Freeze, Plan, Batches):
        for field in fields_of(struct):
            if field.kind not in WIDE:
                assert metrics.horizontalAdvance(field.title) <= LABEL_WIDTH, field.title


def test_every_form_is_narrow_enough_to_stand_beside_a_scroll_bar(
    inspector: Inspector, workspace: Workspace, selection: SegmentSelection, qtbot: QtBot
) -> None:
    inspector.resize(INSPECTOR_MIN, 300)
    workspace.commit("", edits.set_freeze, 1, (Freeze(),))
    workspace.commit("", edits.set_plan, Plan(Batches(), 3))
    inner = inspector.findChild(QScrollArea).widget()  # type: ignore[union-attr]
    for shape in SHAPES:
        give(workspace, default_node(shape))
        for path in ((), (0,)):
            selection.go_to(path)
            qtbot.wait(1)
            inner.layout().activate()  # type: ignore[union-attr]
            assert inner.minimumSizeHint().width() <= INSPECTOR_MIN - 2 * 12 - 12, shape.tag


def test_shapes_stand_under_the_headings_of_their_families_which_cannot_be_chosen(inspector: Inspector) -> None:
    combo = inspector.segment.shape
    headings = [row for row in range(combo.count()) if combo.itemData(row) is None]
    assert [combo.itemText(row) for row in headings] == list(HEADINGS.values())
    model = combo.model()
    assert not any(model.flags(model.index(row, 0)) & Qt.ItemFlag.ItemIsSelectable for row in headings)
    assert combo.count() - len(headings) == len(SHAPES)


def test_an_empty_field_and_a_word_are_refused_in_few_words(inspector: Inspector, workspace: Workspace) -> None:
    field = editor(inspector, "factor")
    said: list[str] = []
    field.explained.connect(said.append)
    type_into(field, "abc")
    assert said[-1] == "Factor: 'abc' is not a number."
    type_into(field, " ")
    assert said[-1] == "Factor is empty; it needs a value."


@pytest.mark.parametrize(("typed", "tag"), [("cos", "cosine"), ("fl", "flat_cosine"), ("key", "keyframes")])
def test_the_first_letters_of_a_title_find_the_shape(
    inspector: Inspector, workspace: Workspace, typed: str, tag: str
) -> None:
    combo = inspector.segment.shape
    combo.setFocus()
    QTest.keyClicks(combo, typed)
    assert combo.currentData() == tag


def test_the_wheel_over_a_choice_changes_nothing(inspector: Inspector, workspace: Workspace, qtbot: QtBot) -> None:
    from PySide6.QtCore import QPointF
    from PySide6.QtGui import QWheelEvent
    from PySide6.QtWidgets import QApplication

    before = workspace.design
    combo = inspector.segment.shape
    event = QWheelEvent(
        QPointF(5, 5), combo.mapToGlobal(QPointF(5, 5)), QPoint(0, -120), QPoint(0, -120),
        Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(combo, event)
    assert workspace.design is before
    assert combo.currentData() == "constant"


def test_another_shape_keeps_floor_length_and_k(inspector: Inspector, workspace: Workspace) -> None:
    give(workspace, Cosine(Absolute(1e-6), Length(6, "epochs"), 2.0))
    choose(inspector.segment.shape, "polynomial")
    assert schedule_of(workspace) == Polynomial(1.0, Absolute(1e-6), Length(6, "epochs"), 2.0)


def test_what_follows_a_metric_is_offered_for_a_whole_rate_only(
    inspector: Inspector, workspace: Workspace, selection: SegmentSelection
) -> None:
    combo = inspector.segment.shape

    def offered() -> bool:
        index = combo.model().index(combo.findData("plateau"), 0)
        return bool(combo.model().flags(index) & Qt.ItemFlag.ItemIsEnabled)

    assert offered()
    selection.add_after()
    assert not offered()
    workspace.store.undo()
    workspace.select_slot("weight_decay")
    assert not offered()


@pytest.mark.parametrize(
    ("text", "level", "shown", "unit"),
    [
        ("1%", 0.01, "0.01", "× base"),
        ("1e-5 absolute", Absolute(1e-5), "1e-5 absolute", ""),
        ("1/4", 0.25, "0.25", "× base"),
        ("2e-6 abs", Absolute(2e-6), "2e-6 absolute", ""),
    ],
)
def test_a_level_is_a_share_of_the_base_value_or_absolute(
    inspector: Inspector, workspace: Workspace, text: str, level: Any, shown: str, unit: str
) -> None:
    give(workspace, Cosine(0.5))
    field = editor(inspector, "floor")
    type_into(field, text)
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert schedule_of(workspace).floor == level
    assert field.text() == shown
    assert field._unit.text() == unit


def test_a_rule_between_two_fields_is_explained_where_it_is_broken(inspector: Inspector, workspace: Workspace) -> None:
    choose(inspector.segment.shape, "clamp")
    field = editor(inspector, "lowest")
    said: list[str] = []
    field.explained.connect(said.append)
    before = workspace.store.committed
    type_into(field, "3")
    assert "must not be above" in said[-1]
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert field.text() == "3"
    assert workspace.design is before


def test_the_cursor_goes_to_the_character_that_is_wrong(inspector: Inspector, workspace: Workspace) -> None:
    give(workspace, Expression())
    field = editor(inspector, "formula")
    type_into(field, "0.9 ** epok + 1")
    assert field.cursorPosition() == 15, "typing is not disturbed"
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert field.cursorPosition() == 7


@pytest.mark.parametrize(
    ("start", "text"),
    [
        (Length(90, "steps"), {"90 steps", "2 epochs", "20%", "The rest"}),
        (Length(23, "steps"), {"23 steps", "0.5 epochs", "5.1%", "The rest"}),
        (Length(), {"450 steps", "10 epochs", "100%", "The rest"}),
    ],
    ids=["at an epoch", "between epochs", "rest"],  # of the sets themselves the order would differ between processes
)
def test_the_unit_of_a_length_changes_without_moving_its_end(
    inspector: Inspector, workspace: Workspace, start: Length, text: set[str]
) -> None:
    give(workspace, Cosine(length=start))
    field = editor(inspector, "length")
    assert isinstance(field, LengthField)
    QTest.keyClick(field, Qt.Key.Key_F4)
    assert field.menu.isVisible()
    assert {action.text() for action in field.menu.actions()} == text
    span = workspace.design.plan.span
    for index in range(3):
        field.fill_menu()
        field.menu.actions()[index].trigger()
        assert schedule_of(workspace).length.unit == ("steps", "epochs", "percent")[index]
        assert resolve(schedule_of(workspace).length, span) == resolve(start, span)
    field.menu.close()


def test_the_rest_of_a_segment_is_as_long_as_it_really_is(
    inspector: Inspector, workspace: Workspace, selection: SegmentSelection
) -> None:
    give(workspace, Sequence((Segment(Linear(), Length(45, "steps")), Segment(Cosine()))))
    selection.select(1)
    field = inspector.segment.length_form.editor("length")
    assert isinstance(field, LengthField)
    field.fill_menu()
    assert [action.text() for action in field.menu.actions()] == ["405 steps", "9 epochs", "90%", "The rest"]


def test_where_a_segment_enters_its_shape_is_edited_beside_its_length(
    inspector: Inspector, workspace: Workspace, selection: SegmentSelection
) -> None:
    assert inspector.segment.length_form.isHidden()
    give(workspace, Sequence((Segment(Linear(), Length(45, "steps")), Segment(Cosine()))))
    selection.select(1)
    assert not inspector.segment.length_form.isHidden()
    field = inspector.segment.length_form.editor("skip")
    assert isinstance(field, LengthField)
    type_into(field, "1 epoch")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert schedule_of(workspace).segments[1].skip == Length(1, "epochs")
    said: list[str] = []
    field.explained.connect(said.append)
    type_into(field, "rest")
    assert "not the rest" in said[-1]


def test_a_segment_of_no_step_is_refused_in_the_form(
    inspector: Inspector, workspace: Workspace, selection: SegmentSelection
) -> None:
    give(workspace, Sequence((Segment(Linear(), Length(45, "steps")), Segment(Cosine()))))
    field = inspector.segment.length_form.editor("length")
    assert isinstance(field, LengthField)
    said: list[str] = []
    field.explained.connect(said.append)
    type_into(field, "0.001%")
    assert "at least 1 step" in said[-1]
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert field.text() == "0.001%"
    assert schedule_of(workspace).segments[0].length == Length(45, "steps")


def test_arrow_keys_step_lengths_and_levels_in_their_unit(inspector: Inspector, workspace: Workspace) -> None:
    give(workspace, Cosine(0.1, Length(20, "percent")))
    QTest.keyClick(editor(inspector, "length"), Qt.Key.Key_Up)
    assert schedule_of(workspace).length == Length(30, "percent")
    QTest.keyClick(editor(inspector, "floor"), Qt.Key.Key_Down)
    assert schedule_of(workspace).floor == 0.09
    QTest.keyClick(editor(inspector, "floor"), Qt.Key.Key_Up)
    assert schedule_of(workspace).floor == 0.1


def test_an_arrow_key_beyond_the_bound_is_explained(inspector: Inspector, workspace: Workspace) -> None:
    give(workspace, OneCycle(pct_start=1.0))
    field = editor(inspector, "pct_start")
    said: list[str] = []
    field.explained.connect(said.append)
    QTest.keyClick(field, Qt.Key.Key_Up)
    assert said[-1] == "Share of climbing must be at most 1, not 2."
    assert schedule_of(workspace).pct_start == 1.0


def test_a_whole_form_at_its_first_wrong_list_names_what_is_missing(inspector: Inspector, workspace: Workspace) -> None:
    give(workspace, MultiStep())
    field = editor(inspector, "milestones")
    said: list[str] = []
    field.explained.connect(said.append)
    type_into(field, ",")
    assert said[-1].startswith("Milestones: write at least one")


KEYS = (
    Keyframe(Length(0, "steps"), 0.0),
    Keyframe(Length(10, "percent"), 1.0, "bezier"),
    Keyframe(Length(100, "percent"), 0.1),
)


@pytest.fixture
def keys(inspector: Inspector, workspace: Workspace) -> KeysField:
    give(workspace, Keyframes(KEYS))
    found = editor(inspector, "keys")
    assert isinstance(found, KeysField)
    return found


def rows(keys: KeysField) -> list[tuple[str, str, str]]:
    found = [keys.list.topLevelItem(i) for i in range(keys.list.topLevelItemCount())]
    return [(item.text(0), item.text(1), item.text(2)) for item in found if item is not None]


def test_keys_are_listed_and_the_selected_one_is_edited_below(keys: KeysField, workspace: Workspace) -> None:
    assert rows(keys) == [("0 steps", "0", "Linear"), ("10%", "1", "Bezier"), ("100%", "0.1", "")]
    keys.list.setFocus()
    QTest.keyClick(keys.list, Qt.Key.Key_Down)
    field = keys.form.editor("value")
    assert isinstance(field, TextField)
    type_into(field, "0.8")
    assert workspace.design.groups[0].lr.schedule.keys[1].value == 0.8  # type: ignore[union-attr]
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert schedule_of(workspace).keys == (KEYS[0], replace(KEYS[1], value=0.8), KEYS[2])
    workspace.store.undo()
    assert rows(keys)[1] == ("10%", "1", "Bezier")
    assert keys.index == 1


def test_control_values_are_shown_for_a_bezier_only(keys: KeysField, workspace: Workspace) -> None:
    keys.select(0)
    assert keys.form.editor("leave").isHidden()
    keys.select(1)
    leave = keys.form.editor("leave")
    assert isinstance(leave, TextField)
    assert not leave.isHidden()
    type_into(leave, "0.9")
    QTest.keyClick(leave, Qt.Key.Key_Return)
    assert schedule_of(workspace).keys[1].leave == 0.9
    leave.selectAll()
    QTest.keyClick(leave, Qt.Key.Key_Delete)
    QTest.keyClick(leave, Qt.Key.Key_Return)
    assert schedule_of(workspace).keys[1].leave is None
    then = keys.form.editor("then")
    assert isinstance(then, ChoiceField)
    choose(then, "hold")
    assert schedule_of(workspace).keys[1].then == "hold"
    assert leave.isHidden()


def test_keys_are_added_removed_and_put_in_order_by_keyboard(keys: KeysField, workspace: Workspace) -> None:
    keys.list.setFocus()
    QTest.keyClicks(keys.list, "+")
    assert [str(key.at) for key in schedule_of(workspace).keys] == ["0 steps", "4.9%", "10%", "100%"]
    assert schedule_of(workspace).keys[1].value == 0.4889  # 22 of 45 steps up
    assert keys.index == 1
    QTest.keyClick(keys.list, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert [key.value for key in schedule_of(workspace).keys] == [0.0, 1.0, 0.4889, 0.1]
    assert [str(key.at) for key in schedule_of(workspace).keys] == ["0 steps", "4.9%", "10%", "100%"]
    assert keys.index == 2
    for _ in range(3):
        QTest.keyClick(keys.list, Qt.Key.Key_Delete)
    assert len(schedule_of(workspace).keys) == 1
    notices: list[Notice] = []
    workspace.signals.notice_posted.connect(notices.append)
    QTest.keyClick(keys.list, Qt.Key.Key_Delete)
    assert "at least one key" in notices[0].text
    for _ in range(5):
        workspace.store.undo()
    assert schedule_of(workspace).keys == KEYS


def test_a_new_key_lies_on_the_curve_and_leaves_it_as_it_was(keys: KeysField, workspace: Workspace) -> None:
    ends = (Keyframe(Length(0, "steps"), 1.0, "bezier", 1.0, 0.01), Keyframe(Length(100, "percent"), 0.01))
    workspace.commit("", edits.set_schedule, 1, Keyframes(ends, space="log"))
    span = workspace.design.plan.span
    steps = np.arange(span.steps)
    before = factors(schedule_of(workspace), steps, span)
    keys.select(0)
    keys.more.click()
    assert schedule_of(workspace).keys[1].then == "bezier"
    assert factors(schedule_of(workspace), steps, span) == pytest.approx(before, rel=1e-3)
    keys.less.click()
    assert [key.value for key in schedule_of(workspace).keys] == [1.0, 0.01]


def test_the_columns_of_the_keys_fit_into_their_list(inspector: Inspector, keys: KeysField, qtbot: QtBot) -> None:
    inspector.resize(INSPECTOR_MIN, 800)
    qtbot.waitUntil(lambda: keys.list.header().length() <= keys.list.viewport().width())
    assert keys.list.horizontalScrollBar().maximum() == 0


def test_between_keys_one_step_apart_there_is_no_room(keys: KeysField, workspace: Workspace) -> None:
    notices: list[Notice] = []
    workspace.signals.notice_posted.connect(notices.append)
    pair = (Keyframe(Length(3, "steps"), 1.0), Keyframe(Length(4, "steps"), 0.5))
    workspace.commit("", edits.set_schedule, 1, Keyframes(pair))
    keys.select(0)
    keys.more.click()
    assert "no step between" in notices[0].text
    assert schedule_of(workspace).keys == pair


def test_a_key_after_the_last_one_comes_later(keys: KeysField, workspace: Workspace) -> None:
    workspace.commit("", edits.set_schedule, 1, Keyframes((KEYS[0], Keyframe(Length(50, "percent"), 0.5))))
    keys.select(1)
    keys.more.click()
    assert str(schedule_of(workspace).keys[2].at) == "74.9%"


def test_a_key_that_cannot_be_is_explained_in_its_own_field(keys: KeysField, workspace: Workspace) -> None:
    field = keys.form.editor("value")
    assert isinstance(field, TextField)
    said: list[str] = []
    field.explained.connect(said.append)
    type_into(field, "-1")
    assert said[-1] == "Value must be at least 0, not -1."
    assert schedule_of(workspace).keys == KEYS


def test_the_momentum_goes_beside_a_one_cycle_rate_in_one_click(inspector: Inspector, workspace: Workspace) -> None:
    assert inspector.segment.couple.isHidden()
    give(workspace, OneCycle())
    inspector.segment.couple.click()
    group = workspace.design.groups[0]
    assert group.momentum is not None
    assert group.options.beta1 == 0.95  # type: ignore[union-attr]
    assert not inspector.segment.couple.isEnabled()
    workspace.store.undo()
    assert workspace.design.groups[0].momentum is None
    give(workspace, Cyclic())
    assert inspector.segment.couple.isEnabled()


def test_a_choice_that_is_refused_goes_back(inspector: Inspector, workspace: Workspace) -> None:
    give(workspace, Linear())
    notices: list[Notice] = []
    workspace.signals.notice_posted.connect(notices.append)
    combo = inspector.segment.shape
    combo.setCurrentIndex(combo.findData("sequence"))
    workspace.select_slot("beta2")
    combo.setCurrentIndex(combo.findData("plateau"))
    combo.activated.emit(combo.currentIndex())
    assert "metric" in notices[0].text
    assert combo.currentData() == "constant"


def test_switches_have_names_and_are_reached_by_tab(inspector: Inspector, workspace: Workspace) -> None:
    choose(inspector.segment.shape, "sigmoid")
    switch = editor(inspector, "rising")
    assert isinstance(switch, SwitchField)
    assert switch.focusPolicy() & Qt.FocusPolicy.TabFocus
    assert switch.accessibleName() == "Rising"
