"""The strip of segments under real mouse and key events."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent, QGuiApplication, QHelpEvent, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip
from pytestqt.qtbot import QtBot

from lrdesigner import edits
from lrdesigner.document import Design
from lrdesigner.places import Place
from lrdesigner.schedules import Constant, Cosine, Length, Linear, Plateau, Product, Segment, Sequence
from lrdesigner.schedules.segments import as_segments
from lrdesigner.store import Change, Store
from lrdesigner_app.notices import Notice
from lrdesigner_app.schedule_editor import SegmentStrip
from lrdesigner_app.theme import Theme
from lrdesigner_app.workspace import Workspace

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
NONE, CTRL = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier
SHIFT, ALT = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier
ROW = Sequence(
    (
        Segment(Linear(), Length(2, "epochs")),
        Segment(Constant(), Length(135, "steps")),
        Segment(Cosine()),
    )
)


class Hand:
    """A hand on the mouse over a strip on which one pixel is one step."""

    def __init__(self, strip: SegmentStrip, workspace: Workspace) -> None:
        self.strip, self.workspace = strip, workspace
        self.changes: list[Change] = []
        self.notices: list[Notice] = []
        workspace.store.subscribe(self.changes.append)
        workspace.signals.notice_posted.connect(self.notices.append)

    def give(self, schedule: Any) -> None:
        self.workspace.commit("", edits.set_schedule, self.workspace.selected_group.id, schedule)
        self.workspace.segments.select(0)
        self.changes.clear()

    @property
    def titles(self) -> list[str]:
        return [type(segment.schedule).__name__ for segment in as_segments(self.workspace.segments.schedule)]

    @property
    def starts(self) -> list[int]:
        return self.workspace.segments.row.starts

    def kinds(self) -> list[str]:
        return [change.kind for change in self.changes if change.kind != "preview"]

    def press(self, step: float) -> None:
        QTest.mouseMove(self.strip, QPoint(round(step), 12))
        QTest.mousePress(self.strip, LEFT, NONE, QPoint(round(step), 12))

    def move(self, start: float, end: float, modifiers: Qt.KeyboardModifier = NONE) -> None:
        for number in range(1, 7):
            place = QPointF(start + (end - start) * number / 6, 12)
            event = QMouseEvent(
                QEvent.Type.MouseMove,
                place,
                self.strip.mapToGlobal(place),
                Qt.MouseButton.NoButton,
                LEFT,
                modifiers,
            )
            QApplication.sendEvent(self.strip, event)

    def drag(self, start: float, end: float, modifiers: Qt.KeyboardModifier = NONE) -> None:
        self.press(start)
        self.move(start, end, modifiers)
        QTest.mouseRelease(self.strip, LEFT, NONE, QPoint(round(end), 12))

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = NONE) -> None:
        QTest.keyClick(self.strip, key, modifiers)

    def menu(self, step: float) -> dict[str, Any]:
        at = QPoint(round(step), 12)
        event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, self.strip.mapToGlobal(at))
        QApplication.sendEvent(self.strip, event)
        self.strip.menu.close()
        return {action.text().split("\t")[0]: action for action in self.strip.menu.actions() if action.text()}


@pytest.fixture
def hand(design: Design, qapp: QApplication, qtbot: QtBot) -> Hand:
    workspace = Workspace(Store(design), Theme(qapp))
    strip = SegmentStrip(workspace, workspace.segments)
    qtbot.addWidget(strip)
    strip.resize(450, 26)
    with qtbot.waitExposed(strip):
        strip.show()
    strip.setFocus()
    made = Hand(strip, workspace)
    made.give(ROW)
    return made


def test_a_gap_is_dragged_to_move_the_boundary_in_one_entry(hand: Hand) -> None:
    hand.drag(89, 149)
    assert hand.starts == [0, 150, 285, 450]
    assert hand.kinds() == ["edit"]
    hand.drag(149, 109, ALT)
    assert hand.starts == [0, 110, 285, 450]
    hand.drag(109, 133, CTRL)
    assert hand.starts[1] == 135
    hand.drag(134, 157, CTRL)
    assert hand.starts[1] == 158, "nothing is near"


def test_the_gap_shows_that_it_can_be_dragged_and_what_the_drag_comes_to(hand: Hand) -> None:
    QTest.mouseMove(hand.strip, QPoint(40, 12))
    assert hand.strip.cursor().shape() == Qt.CursorShape.ArrowCursor
    QTest.mouseMove(hand.strip, QPoint(89, 12))
    assert hand.strip.cursor().shape() == Qt.CursorShape.SplitHCursor
    hand.press(89)
    hand.move(89, 134)
    assert hand.strip.read_out.isVisible()
    assert hand.strip.read_out.text() == "warm-up ends · epoch 3 · step 135"
    QTest.mouseRelease(hand.strip, LEFT, NONE, QPoint(134, 12))
    assert hand.strip.read_out.isHidden()


def test_a_click_on_a_gap_selects_and_moves_nothing(hand: Hand) -> None:
    before = hand.workspace.design
    QTest.mouseClick(hand.strip, LEFT, NONE, QPoint(91, 12))
    assert hand.workspace.segments.index == 1
    assert hand.workspace.design is before


@pytest.mark.parametrize("how", ["escape", "right", "key", "focus", "locked"])
def test_ways_out_of_a_drag_restore_and_leave_no_entry(hand: Hand, how: str) -> None:
    before = hand.workspace.design
    hand.press(89)
    hand.move(89, 149)
    assert hand.workspace.design is not before
    if how == "escape":
        hand.key(Qt.Key.Key_Escape)
    elif how == "right":
        QTest.mousePress(hand.strip, RIGHT, NONE, QPoint(149, 12))
    elif how == "key":
        hand.key(Qt.Key.Key_Plus)
    elif how == "locked":
        hand.workspace.display.toggle_locked(hand.workspace.selected_group.id)
    else:
        hand.strip.clearFocus()
    assert hand.workspace.design is before
    hand.move(149, 180)
    QTest.mouseRelease(hand.strip, LEFT, NONE, QPoint(180, 12))
    assert hand.workspace.design is before
    assert hand.kinds() == ["cancel"]


@pytest.mark.parametrize("way", ["locked", "hidden"])
def test_of_a_group_that_cannot_be_taken_hold_of_no_gap_is_dragged(hand: Hand, way: str) -> None:
    display, group = hand.workspace.display, hand.workspace.selected_group.id
    (display.toggle_locked if way == "locked" else display.toggle_hidden)(group)
    hand.drag(89, 92)
    assert hand.starts[1] == 90
    assert hand.strip.edges() == []


def test_a_segment_is_dragged_to_another_place_with_a_mark_where_it_would_go(hand: Hand) -> None:
    hand.press(40)
    hand.move(40, 200)
    marked = hand.strip.grab().toImage()
    hand.move(200, 45)
    assert hand.strip.grab().toImage() != marked
    assert hand.titles == ["Linear", "Constant", "Cosine"], "nothing moves before it is let go"
    hand.move(45, 200)
    QTest.mouseRelease(hand.strip, LEFT, NONE, QPoint(200, 12))
    assert hand.titles == ["Constant", "Linear", "Cosine"]
    assert hand.workspace.segments.index == 1
    assert hand.kinds() == ["edit"]
    hand.drag(400, 20)
    assert hand.titles == ["Cosine", "Constant", "Linear"]


def test_esc_keeps_the_order(hand: Hand) -> None:
    before = hand.workspace.design
    hand.press(40)
    hand.move(40, 440)
    hand.key(Qt.Key.Key_Escape)
    QTest.mouseRelease(hand.strip, LEFT, NONE, QPoint(440, 12))
    assert hand.workspace.design is before


def test_keys_select_move_and_resize(hand: Hand) -> None:
    hand.key(Qt.Key.Key_Right)
    assert hand.workspace.segments.index == 1
    hand.key(Qt.Key.Key_Right, SHIFT)
    assert hand.starts == [0, 90, 226, 450]
    hand.key(Qt.Key.Key_Left, SHIFT | CTRL)
    assert hand.starts == [0, 90, 225, 450]
    hand.key(Qt.Key.Key_Left, ALT)
    assert hand.titles == ["Constant", "Linear", "Cosine"]


def test_segments_are_copied_and_pasted_between_groups_and_cut(hand: Hand) -> None:
    hand.key(Qt.Key.Key_C, CTRL)
    assert '"linear"' in QGuiApplication.clipboard().text()
    hand.workspace.select_group(hand.workspace.design.groups[1].id)
    hand.give(Constant())
    hand.key(Qt.Key.Key_V, CTRL)
    assert hand.titles == ["Constant", "Linear"]
    assert hand.workspace.segments.index == 1
    assert as_segments(hand.workspace.segments.schedule)[1].length == Length(2, "epochs")
    hand.key(Qt.Key.Key_X, CTRL)
    assert hand.titles == ["Constant"]
    hand.key(Qt.Key.Key_V, CTRL)
    assert hand.titles == ["Constant", "Linear"]


@pytest.mark.parametrize("text", ["", "hello", '{"format": "lrdesigner segment", "version": 1}'])
def test_what_is_no_segment_is_not_pasted_and_told(hand: Hand, text: str) -> None:
    before = hand.workspace.design
    QGuiApplication.clipboard().setText(text)
    hand.key(Qt.Key.Key_V, CTRL)
    assert hand.workspace.design is before
    assert "clipboard" in hand.notices[-1].text


def test_a_split_is_in_the_middle_or_at_the_playhead_and_selects_the_later_part(hand: Hand) -> None:
    selection = hand.workspace.segments
    selection.select(2)
    selection.split()
    assert hand.starts == [0, 90, 225, 337, 450]
    assert selection.index == 3
    selection.split(45)
    assert hand.starts == [0, 45, 90, 225, 337, 450]
    assert selection.index == 1
    selection.split(45)
    assert "playhead" in hand.notices[-1].text


def test_the_menu_has_everything_and_splits_where_it_was_asked_for(hand: Hand) -> None:
    actions = hand.menu(150)
    assert hand.workspace.segments.index == 1, "it is about the segment under the pointer"
    wanted = {"Add a segment after it", "Duplicate", "Cut", "Copy", "Paste after it", "Delete", "Wrap in a product"}
    assert wanted | {"Bake into keyframes", "Move earlier", "Move later", "Show alone in the plot"} <= set(actions)
    actions["Split at step 150"].trigger()
    assert hand.starts == [0, 90, 150, 225, 450]
    hand.menu(100)["Duplicate"].trigger()
    assert hand.starts == [0, 90, 150, 210, 285, 450]
    hand.menu(20)["Delete"].trigger()
    assert hand.titles[0] == "Constant"
    hand.menu(20)["Wrap in a product"].trigger()
    assert hand.titles[0] == "Product"


def test_what_is_steered_by_a_metric_can_only_be_looked_at(hand: Hand) -> None:
    hand.give(Plateau())
    actions = hand.menu(100)
    assert not any(actions[name].isEnabled() for name in ("Duplicate", "Copy", "Paste after it", "Delete"))
    hand.key(Qt.Key.Key_C, CTRL)
    assert "metric" in hand.notices[-1].text


def test_a_double_click_asks_the_plot_to_show_the_segment(hand: Hand) -> None:
    places: list[Place] = []
    hand.workspace.signals.place_requested.connect(places.append)
    QTest.mouseDClick(hand.strip, LEFT, NONE, QPoint(150, 12))
    (place,) = places
    assert (place.slot, place.path, place.steps) == ("lr", (1,), (90, 225))
    assert place.group == hand.workspace.selected_group.id


def test_segments_past_the_end_and_without_a_step_are_stubs_that_can_be_clicked(hand: Hand) -> None:
    hand.give(
        Sequence(
            (
                Segment(Linear(), Length(200, "steps")),
                Segment(Constant(), Length(0.0, "steps")),
                Segment(Cosine(), Length(300, "steps")),
                Segment(Constant(0.1), Length(9, "epochs")),
                Segment(Constant(0.2)),
            )
        )
    )
    cells = hand.strip.cells()
    assert [cell.stub for cell in cells] == [False, True, False, True, True]
    assert all(cell.rect.left() >= 0 and cell.rect.right() <= 450 for cell in cells)
    for index in (1, 3, 4):
        QTest.mouseClick(hand.strip, LEFT, NONE, cells[index].rect.center().toPoint())
        assert hand.workspace.segments.index == index


def test_two_hundred_segments_each_have_their_place(hand: Hand) -> None:
    hand.give(Sequence((*(Segment(Constant(), Length(1, "steps")) for _ in range(199)), Segment(Cosine()))))
    cells = hand.strip.cells()
    assert all(cell.rect.width() >= 1 for cell in cells)
    assert max(cell.rect.right() for cell in cells) <= 450


def test_a_nested_row_is_shown_while_it_is_edited_between_faint_segments_that_lead_back(hand: Hand) -> None:
    inner = Sequence((Segment(Linear(), Length(50, "steps")), Segment(Cosine())))
    hand.give(Sequence((Segment(Constant(), Length(2, "epochs")), Segment(inner))))
    hand.workspace.segments.go_to((1, 0))
    assert [(rect.left(), rect.right()) for rect in hand.strip.segment_rects()] == [(90, 138), (140, 448)]
    hand.drag(139, 199)
    assert hand.starts == [90, 200, 450]
    hand.key(Qt.Key.Key_Right)
    assert hand.workspace.segments.path == (1, 1)
    hand.key(Qt.Key.Key_C, CTRL)
    hand.key(Qt.Key.Key_V, CTRL)
    assert hand.workspace.segments.path == (1, 2)
    QTest.mouseClick(hand.strip, LEFT, NONE, QPoint(40, 12))
    assert hand.workspace.segments.path == (0,)


def test_a_composite_looks_stacked(hand: Hand) -> None:
    hand.give(Sequence((Segment(Constant(), Length(225, "steps")), Segment(Constant()))))
    plain = hand.strip.grab().toImage()
    hand.give(Sequence((Segment(Constant(), Length(225, "steps")), Segment(Product((Constant(),))))))
    stacked = hand.strip.grab().toImage()
    scale = plain.devicePixelRatio()
    corner = QPoint(round(445 * scale), round(23.4 * scale))
    assert stacked.pixelColor(corner) != plain.pixelColor(corner)


def test_the_tooltip_tells_shape_length_and_time(hand: Hand, qtbot: QtBot) -> None:
    at = QPoint(150, 12)
    QApplication.sendEvent(hand.strip, QHelpEvent(QEvent.Type.ToolTip, at, hand.strip.mapToGlobal(at)))
    text = QToolTip.text()
    assert text.startswith("Constant · 135 steps\nepoch 2 to 5 · step 90 to 225")
    assert "Ctrl+K splits" in text
    assert hand.strip.accessibleName() == "Segments of the schedule: Linear · 2 epochs"
    QToolTip.hideText()


def test_undo_in_the_middle_of_a_drag_ends_it(hand: Hand) -> None:
    hand.drag(89, 149)
    hand.press(149)
    hand.move(149, 200)
    hand.workspace.store.undo()
    assert hand.starts == [0, 90, 225, 450]
    assert hand.strip.gesture is None
    hand.move(200, 250)
    QTest.mouseRelease(hand.strip, LEFT, NONE, QPoint(250, 12))
    assert hand.starts == [0, 90, 225, 450]


def test_an_edit_in_the_middle_of_carrying_a_segment_lets_it_go(hand: Hand) -> None:
    hand.press(40)
    hand.move(40, 440)
    hand.workspace.segments.remove()
    QTest.mouseRelease(hand.strip, LEFT, NONE, QPoint(440, 12))
    assert hand.titles == ["Constant", "Cosine"]


def test_deleting_the_group_in_the_middle_of_a_drag_ends_it(hand: Hand) -> None:
    workspace = hand.workspace
    group = next(g for g in workspace.design.groups if g.id != workspace.design.remainder)
    workspace.select_group(group.id)
    hand.give(ROW)
    hand.press(89)
    hand.move(89, 149)
    workspace.commit("", edits.remove_group, group.id)
    after = workspace.design
    hand.move(149, 200)
    QTest.mouseRelease(hand.strip, LEFT, NONE, QPoint(200, 12))
    assert workspace.design is after
