"""Keys by number: the list that shares its selection with the plot, the form of one key and that of several."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QPushButton

from lrdesigner import edits
from lrdesigner.schedules import Constant, Keyframe, Keyframes, Length, Product, Segment, Sequence
from lrdesigner.store import Change
from lrdesigner_app.notices import Notice
from lrdesigner_app.schedule_editor import Inspector
from lrdesigner_app.schedule_editor.keys_field import KeysField
from lrdesigner_app.schedule_editor.several_keys_form import AmountRow
from lrdesigner_app.schedule_editor.value_fields import TextField
from lrdesigner_app.workspace import Workspace

LEFT = Qt.MouseButton.LeftButton
NONE, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
CTRL = Qt.KeyboardModifier.ControlModifier


def at(step: float, value: float, then: Any = "linear") -> Keyframe:
    return Keyframe(Length(float(step), "steps"), value, then)


CURVE = Keyframes((at(0, 0.1), at(90, 1.0), Keyframe(Length(4, "epochs"), 0.4, "hold"), at(300, 0.2), at(450, 0.05)))


@pytest.fixture
def keys(inspector: Inspector, workspace: Workspace) -> KeysField:
    workspace.commit("", edits.set_schedule, workspace.selected_group.id, CURVE)
    return the_field(inspector)


def the_field(inspector: Inspector) -> KeysField:
    found = inspector.segment.fields_form.editor("keys")
    assert isinstance(found, KeysField)
    return found


def node_of(workspace: Workspace) -> Keyframes:
    node = workspace.keys.node
    assert node is not None
    return node


def steps(workspace: Workspace) -> list[str]:
    return [str(key.at) for key in node_of(workspace).keys]


def values(workspace: Workspace) -> list[float]:
    return [key.value for key in node_of(workspace).keys]


def chosen(workspace: Workspace) -> tuple[int, ...]:
    return workspace.keys.indices


def click(keys: KeysField, row: int, modifiers: Qt.KeyboardModifier = NONE) -> None:
    QApplication.processEvents()  # until it is laid out
    item = keys.list.topLevelItem(row)
    assert item is not None
    place = keys.list.visualItemRect(item).center()
    QTest.mouseClick(keys.list.viewport(), LEFT, modifiers, QPoint(20, place.y()))


def press(button: QPushButton) -> None:
    QTest.mouseClick(button, LEFT)


def choose(combo: QComboBox, data: object) -> None:
    combo.setFocus()
    combo.showPopup()
    view = combo.view()
    view.setCurrentIndex(combo.model().index(combo.findData(data), 0))
    QTest.keyClick(view, Qt.Key.Key_Return)


def type_into(row: AmountRow, mode: str, text: str) -> TextField:
    """Choose what is done and type by how much, without Enter."""
    if row.chosen != mode:
        choose(row.mode, mode)
    row.field.setFocus()
    QTest.keyClicks(row.field, text)
    return row.field


def test_what_is_selected_in_the_list_is_selected_in_the_plot(keys: KeysField, workspace: Workspace) -> None:
    assert chosen(workspace) == ()
    click(keys, 1)
    assert chosen(workspace) == (1,)
    click(keys, 3, CTRL)
    assert chosen(workspace) == (1, 3)
    click(keys, 1, CTRL)
    assert chosen(workspace) == (3,)
    click(keys, 1)
    click(keys, 3, SHIFT)
    assert set(workspace.keys.indices) == {1, 2, 3}
    assert workspace.keys.active == 3
    QTest.keyClick(keys.list, Qt.Key.Key_A, CTRL)
    assert len(workspace.keys.indices) == 5
    QTest.keyClick(keys.list, Qt.Key.Key_Escape)
    assert chosen(workspace) == ()


def test_what_is_selected_in_the_plot_is_selected_in_the_list(keys: KeysField, workspace: Workspace) -> None:
    workspace.keys.select((3, 1))
    assert keys.list.rows() == (1, 3)
    assert keys.list.currentIndex().row() == 1
    assert keys.title.text() == "2 KEYS"
    assert keys.one.isHidden()
    workspace.keys.select((4,))
    assert keys.list.rows() == (4,)
    assert keys.title.text() == "KEY 5/5"
    assert keys.several.isHidden()
    workspace.keys.clear()
    assert keys.list.rows() == ()


def test_the_selection_stays_through_edits_and_undo_and_ends_with_the_curve(
    keys: KeysField, workspace: Workspace, inspector: Inspector
) -> None:
    workspace.keys.select((1, 2))
    workspace.commit("", edits.set_base_lr, workspace.selected_group.id, 5e-3)
    assert keys.list.rows() == (1, 2)
    workspace.store.undo()
    assert keys.list.rows() == (1, 2)
    workspace.commit("", edits.set_schedule, workspace.selected_group.id, Constant())
    assert chosen(workspace) == ()
    workspace.store.undo()
    assert the_field(inspector).list.rows() == ()


def test_another_curve_shows_its_own_selection(keys: KeysField, workspace: Workspace, inspector: Inspector) -> None:
    other = workspace.design.groups[1].id
    workspace.commit("", edits.set_schedule, other, Keyframes((at(0, 1.0), at(100, 0.5))))
    workspace.keys.select((3, 4))
    workspace.select_group(other)
    assert the_field(inspector).list.rows() == ()
    assert the_field(inspector).list.topLevelItemCount() == 2
    workspace.keys.select((1,))
    assert the_field(inspector).list.rows() == (1,)


def test_buttons_go_to_the_previous_and_the_next_key_in_time(
    keys: KeysField, workspace: Workspace, inspector: Inspector
) -> None:
    shuffled = Keyframes((CURVE.keys[3], CURVE.keys[0], CURVE.keys[4], CURVE.keys[1]))
    workspace.commit("", edits.set_schedule, workspace.selected_group.id, shuffled)
    keys = the_field(inspector)
    workspace.keys.select((0,))
    press(keys.next)
    assert chosen(workspace) == (2,)
    assert not keys.next.isEnabled()
    press(keys.previous)
    press(keys.previous)
    assert chosen(workspace) == (3,)
    press(keys.previous)
    assert chosen(workspace) == (1,)
    assert not keys.previous.isEnabled()


def test_a_key_takes_the_value_of_a_neighbour(keys: KeysField, workspace: Workspace) -> None:
    workspace.keys.select((2,))
    press(keys.one.as_previous)
    assert values(workspace) == [0.1, 1.0, 1.0, 0.2, 0.05]
    workspace.store.undo()
    press(keys.one.as_next)
    assert values(workspace) == [0.1, 1.0, 0.2, 0.2, 0.05]
    workspace.keys.select((0,))
    assert not keys.one.as_previous.isEnabled()
    workspace.keys.select((4,))
    assert not keys.one.as_next.isEnabled()


def test_the_value_is_told_as_the_track_has_it(keys: KeysField, workspace: Workspace, inspector: Inspector) -> None:
    workspace.keys.select((2,))
    assert keys.one.track_value.text() == "lr 4e-4 at step 180, epoch 4"
    inner = Keyframes((at(0, 1.0), at(45, 0.5)))
    row = Sequence((Segment(Constant(), Length(90, "steps")), Segment(Product((inner, Constant(0.5))))))
    workspace.commit("", edits.set_schedule, workspace.selected_group.id, row)
    workspace.keys.select_in((1, 0), (1,))
    found = the_field(inspector)
    assert found.one.track_value.text() == "lr 2.5e-4 at step 135, epoch 3"


def test_delete_removes_every_selected_key_as_one_edit(keys: KeysField, workspace: Workspace) -> None:
    click(keys, 1)
    click(keys, 2, SHIFT)
    QTest.keyClick(keys.list, Qt.Key.Key_Delete)
    assert values(workspace) == [0.1, 0.2, 0.05]
    assert chosen(workspace) == (1,)
    workspace.store.undo()
    assert node_of(workspace) == CURVE
    notices: list[Notice] = []
    workspace.signals.notice_posted.connect(notices.append)
    QTest.keyClick(keys.list, Qt.Key.Key_A, CTRL)
    QTest.keyClick(keys.list, Qt.Key.Key_Delete)
    assert "at least one key" in notices[0].text
    assert node_of(workspace) == CURVE


@pytest.mark.parametrize(
    ("mode", "text", "expected"),
    [
        ("offset", "+45", ["0 steps", "135 steps", "5 epochs", "300 steps", "450 steps"]),
        ("offset", "-1 epoch", ["0 steps", "45 steps", "3 epochs", "300 steps", "450 steps"]),
        ("scale", "0.5", ["0 steps", "90 steps", "3 epochs", "300 steps", "450 steps"]),
        ("set", "10%", ["0 steps", "45 steps", "3 epochs", "300 steps", "450 steps"]),
    ],
)
def test_times_of_several_keys_are_previewed_while_typed_and_kept_as_one_edit(
    keys: KeysField, workspace: Workspace, mode: str, text: str, expected: list[str]
) -> None:
    workspace.keys.select((1, 2))
    told: list[Change] = []
    workspace.store.subscribe(told.append)
    field = type_into(keys.several.time, mode, text)
    assert steps(workspace) == expected
    assert workspace.store.committed.groups[0].lr.schedule == CURVE
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert steps(workspace) == expected
    assert [change.kind for change in told].count("edit") == 1
    assert field.text() == ""
    assert chosen(workspace) == (1, 2)
    workspace.store.undo()
    assert node_of(workspace) == CURVE


@pytest.mark.parametrize(
    ("mode", "text", "expected"),
    [
        ("set", "0.3", [0.1, 0.3, 0.3, 0.2, 0.05]),
        ("offset", "-0.1", [0.1, 0.9, 0.3, 0.2, 0.05]),
        ("scale", "1/2", [0.1, 0.5, 0.2, 0.2, 0.05]),
    ],
)
def test_values_of_several_keys_are_set_offset_and_scaled(
    keys: KeysField, workspace: Workspace, mode: str, text: str, expected: list[float]
) -> None:
    workspace.keys.select((1, 2))
    field = type_into(keys.several.value, mode, text)
    assert values(workspace) == expected
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert node_of(workspace) == CURVE
    assert field.text() == ""
    type_into(keys.several.value, mode, text)
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert values(workspace) == expected
    assert workspace.store.undo_label == f"2 keys of {workspace.selected_group.name}"


def test_what_cannot_be_is_explained_and_not_kept(keys: KeysField, workspace: Workspace) -> None:
    workspace.keys.select((1, 2))
    field = type_into(keys.several.value, "offset", "-0.5")
    assert "value of key 3 would be -0.1" in keys.several._fault.text()
    assert not keys.several._fault.isHidden()
    assert values(workspace) == [0.1, 1.0, 0.4, 0.2, 0.05]
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert keys.several._fault.isHidden()
    field = type_into(keys.several.time, "offset", "-200")
    assert "before the curve begins" in keys.several._fault.text()
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert node_of(workspace) == CURVE


def test_another_selection_forgets_what_is_being_typed(keys: KeysField, workspace: Workspace) -> None:
    workspace.keys.select((1, 2))
    field = type_into(keys.several.value, "scale", "0.5")
    assert values(workspace) != [key.value for key in CURVE.keys]
    workspace.keys.select((3, 4))
    assert node_of(workspace) == CURVE
    assert field.text() == ""
    QApplication.processEvents()
    assert workspace.store.committed is workspace.store.design


def test_another_way_of_changing_forgets_what_is_being_typed(keys: KeysField, workspace: Workspace) -> None:
    workspace.keys.select((1, 2))
    field = type_into(keys.several.value, "scale", "0.5")
    keys.several.value.mode.setFocus()  # leaving the field keeps what was typed, as everywhere
    assert values(workspace)[1:3] == [0.5, 0.2]
    choose(keys.several.value.mode, "set")
    assert field.text() == ""
    assert field.placeholderText() == "different"
    assert keys.several.time.field.placeholderText() == "+0"


def test_the_way_on_is_chosen_for_all_of_them(keys: KeysField, workspace: Workspace) -> None:
    workspace.keys.select((1, 2))
    assert keys.several.then.currentIndex() == -1
    choose(keys.several.then, "smooth")
    assert [key.then for key in node_of(workspace).keys] == ["linear", "smooth", "smooth", "linear", "linear"]
    assert keys.several.then.currentData() == "smooth"
    workspace.store.undo()
    assert node_of(workspace) == CURVE


def test_alt_and_arrows_exchange_one_key_and_leave_several_alone(keys: KeysField, workspace: Workspace) -> None:
    click(keys, 1)
    QTest.keyClick(keys.list, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert values(workspace) == [0.1, 0.4, 1.0, 0.2, 0.05]
    assert chosen(workspace) == (2,)
    workspace.store.undo()
    workspace.keys.select((1, 2))
    QTest.keyClick(keys.list, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert node_of(workspace) == CURVE


def test_everything_has_a_name_and_a_tip(keys: KeysField, workspace: Workspace) -> None:
    workspace.keys.select((1, 2))
    several = keys.several
    for made in (several.time.mode, several.time.field, several.value.mode, several.value.field, several.then):
        assert made.accessibleName()
        assert made.toolTip()
    names = {several.time.field.accessibleName(), several.value.field.accessibleName()}
    assert names == {"Time of the keys", "Value of the keys"}
    for button in (keys.previous, keys.next, keys.one.as_previous, keys.one.as_next):
        assert button.accessibleName()
        assert button.toolTip()
