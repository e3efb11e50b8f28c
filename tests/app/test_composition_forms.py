"""Composites in the inspector: in by click, out by the crumbs, wrapped and unwrapped, parts put in order."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from lrdesigner import edits
from lrdesigner.schedules import (
    Clamp,
    Constant,
    Cosine,
    Exponential,
    Keyframes,
    Length,
    Linear,
    Product,
    Repeat,
    Segment,
    Sequence,
)
from lrdesigner_app.notices import Notice
from lrdesigner_app.schedule_editor import Inspector
from lrdesigner_app.schedule_editor.value_fields import TextField
from lrdesigner_app.selection import SegmentSelection
from lrdesigner_app.workspace import Workspace

DEEP = Sequence(
    (
        Segment(Linear(), Length(45, "steps")),
        Segment(Repeat(Product((Cosine(), Exponential())), cycle=Length(90, "steps"))),
    )
)


def schedule_of(workspace: Workspace) -> Any:
    return workspace.store.committed.groups[0].lr.schedule


def texts(inspector: Inspector) -> list[str]:
    rows = inspector.segment.parts.rows
    return [rows.item(i).text() for i in range(rows.count())]


def click_part(inspector: Inspector, index: int) -> None:
    rows = inspector.segment.parts.rows
    place = rows.visualItemRect(rows.item(index)).center()
    QTest.mouseClick(rows.viewport(), Qt.MouseButton.LeftButton, pos=place)


def do(inspector: Inspector, words: str) -> None:
    """An entry of the menu of the node."""
    inspector.segment.more.fill()
    action = next(a for a in inspector.segment.more.menu.actions() if a.text().startswith(words))
    assert action.isEnabled()
    action.trigger()


@pytest.fixture
def deep(workspace: Workspace, inspector: Inspector, selection: SegmentSelection) -> Inspector:
    workspace.commit("", edits.set_schedule, 1, DEEP)
    selection.select(1)
    return inspector


def test_a_click_goes_in_and_a_crumb_goes_out(deep: Inspector, selection: SegmentSelection) -> None:
    form = deep.segment
    assert form.shape.currentData() == "repeat"
    assert form.crumbs.isHidden()
    click_part(deep, 0)
    assert form.shape.currentData() == "product"
    assert texts(deep) == ["Cosine", "Exponential"]
    click_part(deep, 1)
    assert form.shape.currentData() == "exponential"
    assert selection.path == (1, 0, 1)
    assert form.parts.isHidden()
    steps = form.crumbs.steps()
    assert [step.text() for step in steps] == ["Schedule", "…", "Product"]
    QTest.mouseClick(steps[2], Qt.MouseButton.LeftButton)
    assert selection.path == (1, 0)
    steps = form.crumbs.steps()
    assert [step.text() for step in steps] == ["Schedule", "Segment 2"]
    QTest.mouseClick(steps[1], Qt.MouseButton.LeftButton)
    assert selection.path == (1,)


def test_fields_of_a_node_deep_inside_are_edited_in_one_step(deep: Inspector, workspace: Workspace) -> None:
    click_part(deep, 0)
    click_part(deep, 1)
    field = deep.segment.fields_form.editor("gamma")
    assert isinstance(field, TextField)
    before = workspace.design
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, "0.5")
    assert workspace.design.groups[0].lr.schedule.segments[1].schedule.schedule.factors[1].gamma == 0.5  # type: ignore[union-attr]
    assert workspace.store.committed is before
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert schedule_of(workspace).segments[1].schedule.schedule.factors == (Cosine(), Exponential(gamma=0.5))
    workspace.store.undo()
    assert workspace.design is before
    assert deep.segment.shape.currentData() == "exponential"


def test_another_level_of_the_same_shape_takes_nothing_that_was_typed_into_the_last(
    deep: Inspector, workspace: Workspace, selection: SegmentSelection
) -> None:
    workspace.commit("", edits.set_schedule, 1, Product((Cosine(0.1), Cosine(0.2))))
    selection.go_to((0,))
    field = deep.segment.fields_form.editor("floor")
    assert isinstance(field, TextField)
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, "0.5")
    QTest.mouseClick(deep.segment.crumbs.steps()[0], Qt.MouseButton.LeftButton)
    click_part(deep, 1)
    assert schedule_of(workspace) in (Product((Cosine(0.5), Cosine(0.2))), Product((Cosine(0.1), Cosine(0.2))))
    field = deep.segment.fields_form.editor("floor")
    assert isinstance(field, TextField)
    assert field.text() == "0.2"


def test_the_keyboard_goes_in_and_out_and_orders_parts(
    deep: Inspector, workspace: Workspace, selection: SegmentSelection
) -> None:
    selection.go_in(0)
    rows = deep.segment.parts.rows
    rows.setFocus()
    QTest.keyClick(rows, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert texts(deep) == ["Exponential", "Cosine"]
    assert rows.currentRow() == 1
    QTest.keyClicks(rows, "+")
    assert texts(deep) == ["Exponential", "Cosine", "Constant"]
    QTest.keyClick(rows, Qt.Key.Key_Delete)
    assert texts(deep) == ["Exponential", "Constant"]
    QTest.keyClick(rows, Qt.Key.Key_Return)
    assert selection.path == (1, 0, 1)
    selection.go_out()
    rows.setFocus()
    QTest.keyClick(rows, Qt.Key.Key_Escape)
    assert selection.path == (1,)
    for _ in range(3):
        workspace.store.undo()
    assert schedule_of(workspace) == DEEP


def test_the_buttons_of_the_head_act_on_the_part_among_its_siblings(
    deep: Inspector, workspace: Workspace, selection: SegmentSelection
) -> None:
    form = deep.segment
    assert form.earlier.isEnabled()
    assert not form.later.isEnabled()
    selection.go_in(0)
    assert not any(b.isEnabled() for b in (form.earlier, form.later, form.remove, form.add))
    selection.go_in(0)
    assert form._title.text() == "PART 1 OF 2"
    form.later.click()
    assert selection.path == (1, 0, 1)
    form.add.click()
    assert selection.path == (1, 0, 2)
    assert schedule_of(workspace).segments[1].schedule.schedule.factors == (Exponential(), Cosine(), Constant())
    form.remove.click()
    form.remove.click()
    assert selection.path == (1, 0, 0)
    assert not form.remove.isEnabled()


@pytest.mark.parametrize("tag", ["product", "repeat", "clamp"])
def test_a_schedule_is_wrapped_and_unwrapped_from_the_menu(
    inspector: Inspector, workspace: Workspace, tag: str
) -> None:
    workspace.commit("", edits.set_schedule, 1, Cosine(floor=0.2))
    before = workspace.design
    do(inspector, f"Wrap in a {tag}")
    assert inspector.segment.shape.currentData() == tag
    assert texts(inspector)[0] == "Cosine"
    do(inspector, "Unwrap, keep Cosine")
    assert workspace.design == before
    workspace.store.undo()
    workspace.store.undo()
    assert workspace.design is before


def test_a_sequence_inside_a_segment_has_segments_of_its_own(
    deep: Inspector, workspace: Workspace, selection: SegmentSelection
) -> None:
    selection.select(0)
    do(deep, "Wrap in a sequence")
    assert texts(deep) == ["Linear · rest"]
    deep.segment.parts.add.click()
    assert texts(deep) == ["Linear · 5%", "Constant · rest"]
    click_part(deep, 1)
    assert deep.segment._title.text() == "SEGMENT 2 OF 2"
    length = deep.segment.length_form.editor("length")
    assert isinstance(length, TextField)
    length.setFocus()
    length.selectAll()
    QTest.keyClicks(length, "10 steps")
    QTest.keyClick(length, Qt.Key.Key_Return)
    inner = schedule_of(workspace).segments[0].schedule
    assert inner.segments[1] == Segment(Constant(), Length(10, "steps"))


def test_the_part_at_the_keyboard_is_the_one_that_unwrapping_keeps(
    deep: Inspector, workspace: Workspace, selection: SegmentSelection
) -> None:
    selection.go_in(0)
    deep.segment.parts.rows.setCurrentRow(1)
    do(deep, "Unwrap, keep Exponential")
    assert schedule_of(workspace).segments[1].schedule == Repeat(Exponential(), cycle=Length(90, "steps"))


def test_the_whole_row_of_segments_is_a_level_too(
    deep: Inspector, workspace: Workspace, selection: SegmentSelection
) -> None:
    do(deep, "Whole schedule")
    assert selection.path == ()
    assert texts(deep) == ["Linear · 45 steps", "Repeat · rest"]
    assert not deep.segment.add.isEnabled()
    do(deep, "Wrap in a clamp")
    assert schedule_of(workspace) == Clamp(DEEP)
    workspace.store.undo()
    click_part(deep, 0)
    assert (selection.index, selection.path) == (0, (0,))


def test_an_edit_that_takes_the_node_away_leaves_the_selection_where_it_can_be(
    deep: Inspector, workspace: Workspace, selection: SegmentSelection
) -> None:
    selection.go_to((1, 0, 1))
    workspace.commit("", edits.set_schedule, 1, Sequence((Segment(Linear(), Length(5, "steps")), Segment(Cosine()))))
    assert selection.path == (1,)
    assert deep.segment.shape.currentData() == "cosine"
    workspace.commit("", edits.set_schedule, 1, Constant())
    assert selection.path == ()
    workspace.store.undo()
    workspace.store.undo()
    assert selection.path == (1, 0, 1)


def test_levels_far_above_are_in_a_menu(deep: Inspector, workspace: Workspace, selection: SegmentSelection) -> None:
    schedule: Any = Cosine()
    for _ in range(6):
        schedule = Repeat(schedule)
    workspace.commit("", edits.set_schedule, 1, schedule)
    selection.go_to((0,) * 6)
    steps = deep.segment.crumbs.steps()
    assert [step.text() for step in steps] == ["Schedule", "…", "Repeat"]
    menu = steps[1].menu()
    assert menu is not None
    assert len(menu.actions()) == 4
    menu.actions()[0].trigger()
    assert selection.path == (0,)


def test_a_node_deeper_than_can_be_is_refused_with_a_notice(
    deep: Inspector, workspace: Workspace, selection: SegmentSelection
) -> None:
    said: list[Any] = []
    workspace.signals.notice_posted.connect(said.append)
    selection.select(0)
    for _ in range(25):
        selection.wrap("clamp")
    assert "nested more than" in said[0].text


def test_a_node_becomes_keyframes_from_the_menu_with_its_error_told_and_loses_keys_that_matter_little(
    deep: Inspector, workspace: Workspace
) -> None:
    told: list[Notice] = []
    workspace.signals.notice_posted.connect(told.append)
    do(deep, "Bake into keyframes")
    node = schedule_of(workspace).segments[1].schedule
    assert isinstance(node, Keyframes)
    assert deep.segment.shape.currentData() == "keyframes"
    assert told[0].text.startswith(f"Baked into {len(node.keys)} keys, off by at most ")
    do(deep, "Simplify the keys")
    fewer = schedule_of(workspace).segments[1].schedule
    assert len(fewer.keys) < len(node.keys)
    assert told[1].text == f"{len(fewer.keys)} of {len(node.keys)} keys stay."
    workspace.store.undo()
    workspace.store.undo()
    assert schedule_of(workspace) == DEEP
