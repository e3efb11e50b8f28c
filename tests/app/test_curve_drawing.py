"""What of the curves is drawn, what is drawn again, and what of them can be taken hold of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pyqtgraph as pg
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from lrdesigner import edits
from lrdesigner.document import Design, Freeze, LayerDecay
from lrdesigner.expansion_edits import use_layer_decay
from lrdesigner.following import follow
from lrdesigner.schedules import Constant, Cosine, Length, Linear, Segment, Sequence, StepDecay
from lrdesigner.store import Store
from lrdesigner_app.charts.device_picture import DevicePicture
from lrdesigner_app.charts.stroke import Stroke
from lrdesigner_app.picture import as_svg
from lrdesigner_app.plot import PlotPanel
from lrdesigner_app.plot.near import Near
from lrdesigner_app.theme import DARK, Theme
from lrdesigner_app.workspace import Workspace

LEFT, NO_BUTTON = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
NONE = Qt.KeyboardModifier.NoModifier
WARM_UP = Sequence((Segment(Linear(0.1, 1.0), Length(45, "steps")), Segment(Cosine(0.01))))
ROUNDING = 2
"""Levels of a colour that may differ where half transparent pixels are mixed in another order."""

Pixels = NDArray[np.int16]


class Plot:
    """A plot of three groups, and a hand on the mouse over it."""

    def __init__(self, panel: PlotPanel, workspace: Workspace) -> None:
        self.panel, self.workspace, self.viewport = panel, workspace, panel.chart.viewport()
        self.head, self.backbone, self.flat = (group.id for group in workspace.design.groups)
        self.curves, self.layer = panel._curves, panel._curves.layer

    def settle(self) -> None:
        for _ in range(3):
            QApplication.processEvents()
            self.panel._throttle.flush()

    def frame(self) -> Pixels:
        """What the chart shows now."""
        self.settle()
        return pixels(self.panel.chart.grab().toImage())

    def picture_of(self, ratio: float) -> Pixels:
        """The chart on a screen with so many pixels to a pixel of the window."""
        size = self.panel.chart.size()
        image = QImage(size * ratio, QImage.Format.Format_ARGB32_Premultiplied)
        image.setDevicePixelRatio(ratio)
        image.fill(QColor("white"))
        painter = QPainter(image)
        self.panel.chart.render(painter, QRectF(QPointF(), size), self.panel.chart.rect())
        painter.end()
        return pixels(image)

    def seen(self, group: int) -> float:
        """How much of the plane, in pixels, has the colour of a group; of a half covered pixel a half."""
        area = self.panel.chart.mapFromScene(self.panel.chart.view.sceneBoundingRect()).boundingRect()
        shown = self.frame()[area.top() : area.bottom(), area.left() : area.right(), :3]
        ground, ink = (_levels(c) for c in (self._theme.colour("surface"), self._colour(group)))
        away = ground - ink
        share = (ground - shown) @ away / (away @ away)
        off = np.abs(ground - shown - share[:, :, np.newaxis] * away).max(axis=2)
        return float(share[(off < 8) & (share > 0.2)].sum())

    @property
    def _theme(self) -> Theme:
        return self.workspace.theme

    def _colour(self, group: int) -> QColor:
        return self._theme.group_colour(self.workspace.design.group(group).colour)

    def place(self, group: int, step: float, value: float) -> QPoint:
        """The pixel at which a value of a group is drawn."""
        axis_map = self.curves.map_of(group)
        scene = self.panel.chart.view.mapViewToScene(QPointF(axis_map.x(step), axis_map.y(value)))
        return QPoint(self.panel.chart.mapFromScene(scene))

    def click(self, at: QPoint) -> None:
        QTest.mouseMove(self.viewport, at)
        QTest.mouseClick(self.viewport, LEFT, NONE, at)
        self.settle()

    def grab(self, name: str = "base_lr") -> QPoint:
        """Take hold of a handle."""
        self.settle()
        layer = self.panel._handles
        pairs = zip(layer.items(), layer.stacks(), strict=True)
        item = next(item for item, stack in pairs if name in stack.names)
        at = QPoint(self.panel.chart.mapFromScene(item.scenePos()))
        QTest.mouseMove(self.viewport, at)
        QTest.mousePress(self.viewport, LEFT, NONE, at)
        return at

    def drag(self, start: QPoint, end: QPoint, moves: int = 6) -> None:
        for number in range(1, moves + 1):
            at = start + (end - start) * (number / moves)
            place, everywhere = QPointF(at), QPointF(self.viewport.mapToGlobal(at))
            event = QMouseEvent(QEvent.Type.MouseMove, place, everywhere, NO_BUTTON, LEFT, NONE)
            QApplication.sendEvent(self.viewport, event)
            self.settle()

    def release(self, at: QPoint) -> None:
        QTest.mouseRelease(self.viewport, LEFT, NONE, at)
        self.settle()

    def near(self, group: int, step: float, value: float) -> Near | None:
        view = self.panel.chart.view
        axis_map = self.curves.map_of(group)
        return self.curves.nearest(QPointF(axis_map.x(step), axis_map.y(value)), view.viewPixelSize(), 3.0)


def _levels(colour: QColor) -> NDArray[np.float64]:
    return np.array([colour.blue(), colour.green(), colour.red()], dtype=np.float64)


def pixels(image: QImage) -> Pixels:
    plain = image.convertToFormat(QImage.Format.Format_RGB32)
    found = np.frombuffer(plain.constBits(), np.uint8).reshape(plain.height(), plain.bytesPerLine() // 4, 4)
    return found[:, : plain.width()].astype(np.int16)


@pytest.fixture
def workspace(design: Design, qapp: QApplication) -> Workspace:
    return Workspace(Store(design), Theme(qapp))


@pytest.fixture
def plot(workspace: Workspace, qtbot: QtBot) -> Iterator[Plot]:
    rate_limit = pg.getConfigOption("mouseRateLimit")
    pg.setConfigOption("mouseRateLimit", 0)
    workspace.commit("", edits.add_group, "flat", ["classifier.3"])
    head, backbone, flat = (group.id for group in workspace.design.groups)
    workspace.commit("", edits.set_schedule, head, WARM_UP)
    workspace.commit("", edits.set_schedule, backbone, StepDecay(Length(3, "epochs"), 0.5))
    workspace.commit("", edits.set_base_lr, backbone, 1e-4)
    workspace.commit("", edits.set_schedule, flat, Constant(0.5))
    panel = PlotPanel(workspace)
    qtbot.addWidget(panel)
    panel.resize(760, 560)
    panel.show()
    qtbot.waitExposed(panel)
    panel.chart.setFocus()
    made = Plot(panel, workspace)
    made.settle()
    yield made
    pg.setConfigOption("mouseRateLimit", rate_limit)


@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
@pytest.mark.parametrize("log", [True, False])
def test_the_picture_of_what_rests_has_the_pixels_of_what_is_drawn(
    plot: Plot, ratio: float, log: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    plot.panel.set_log(log)
    plot.settle()
    kept, again = plot.picture_of(ratio), plot.picture_of(ratio)
    monkeypatch.setattr(DevicePicture, "paint", lambda self, painter, rect, state, draw: draw(painter))
    drawn = plot.picture_of(ratio)
    assert np.abs(kept - again).max() == 0
    # At a broken ratio a line begins a fraction of a pixel beside where it would be in the picture.
    assert np.abs(kept - drawn).max() <= (ROUNDING if ratio.is_integer() else 24)
    assert plot.layer.picture.drawings > 0


def test_while_a_handle_is_dragged_only_its_curve_is_computed_and_drawn(plot: Plot) -> None:
    start = plot.grab()
    plot.drag(start, start + QPoint(0, 12), moves=2)
    axes = plot.panel.chart.value_axis.kept, plot.panel.chart.time_axis.kept
    pictures = [plot.layer.picture.drawings, *(axis.drawings for axis in axes)]
    computed, ys = plot.curves.evaluations, plot.curves._curves[plot.head].ys
    plot.drag(start + QPoint(0, 12), start + QPoint(0, 60), moves=5)
    assert [plot.layer.picture.drawings, *(axis.drawings for axis in axes)] == pictures
    assert plot.curves.evaluations == computed + 5
    assert np.nanmax(plot.curves._curves[plot.head].ys) < np.nanmax(ys)
    plot.release(start + QPoint(0, 60))


def test_curves_that_follow_the_dragged_one_move_with_it_in_every_frame(plot: Plot) -> None:
    plot.workspace.commit("", follow, plot.backbone, plot.head, 0.5)
    start = plot.grab()
    plot.drag(start, start + QPoint(0, 30), moves=2)
    assert plot.layer.moving == tuple(plot.curves._curves[group].stroke for group in (plot.backbone, plot.head))
    drawings, peak = plot.layer.picture.drawings, plot.curves._curves[plot.backbone].peak
    plot.drag(start + QPoint(0, 30), start + QPoint(0, 60), moves=3)
    assert plot.layer.picture.drawings == drawings
    assert plot.curves._curves[plot.backbone].peak < peak
    plot.release(start + QPoint(0, 60))
    assert plot.layer.moving == (plot.curves._curves[plot.head].stroke,)


@pytest.mark.parametrize("what", ["zoom", "size", "theme", "edit", "selection", "look"])
def test_the_picture_is_drawn_anew_when_something_of_it_is_another(plot: Plot, what: str) -> None:
    plot.frame()
    drawings = plot.layer.picture.drawings
    plot.frame()
    assert plot.layer.picture.drawings == drawings
    theme = plot.workspace.theme

    def darken() -> None:
        theme.tokens = DARK
        theme.changed.emit()

    changes: dict[str, Callable[[], object]] = {
        "zoom": lambda: plot.panel.chart.set_ranges(x=(1.0, 4.0)),
        "size": lambda: plot.panel.resize(700, 500),
        "theme": darken,
        "edit": lambda: plot.workspace.commit("", edits.set_base_lr, plot.backbone, 2e-4),
        "selection": lambda: plot.workspace.select_group(plot.backbone),
        "look": lambda: plot.workspace.display.toggle_hidden(plot.flat),
    }
    changes[what]()
    plot.frame()
    assert plot.layer.picture.drawings > drawings


def test_a_file_of_shapes_has_each_curve_as_a_shape(plot: Plot) -> None:
    plot.panel.show_as_picture()
    plot.settle()
    drawings = plot.layer.picture.drawings
    text = as_svg(plot.panel).decode()
    assert plot.layer.picture.drawings == drawings
    for group in plot.workspace.design.groups:
        name = plot.workspace.theme.group_colour(group.colour).name()
        lines = [part for part in text.split("<g ") if f'stroke="{name}"' in part and "<path" in part]
        assert lines, group.name


def test_a_thick_line_in_pieces_covers_what_it_covers_as_a_path(plot: Plot) -> None:
    stroke = Stroke()
    assert stroke.set_line(np.array([5.0, 40.0, 60.0, 70.0, 95.0]), np.array([5.0, 80.0, np.nan, 20.0, 90.0]))
    found = []
    for colour in (QColor("#206040"), QColor(32, 96, 64, 254)):  # what is not opaque is drawn as a path
        stroke.set_pen(colour, 2.0, Qt.PenStyle.SolidLine)
        image = QImage(100, 100, QImage.Format.Format_RGB32)
        image.fill(QColor("white"))
        painter = QPainter(image)
        stroke.paint(painter)
        painter.end()
        found.append(pixels(image)[:, :, :3].sum(axis=2) < 500)
    pieces, path = found
    assert path.sum() > 100
    assert (pieces != path).sum() <= 0.05 * path.sum()
    assert not pieces[:, 55:65].any()


def test_a_hidden_group_is_neither_drawn_nor_hit_nor_shaded_nor_framed(plot: Plot) -> None:
    plot.workspace.commit("", edits.set_freeze, plot.backbone, (Freeze(Length(0, "steps"), Length(1, "epochs")),))
    plot.settle()
    plot.workspace.commit("", edits.set_base_lr, plot.backbone, 1e-1)
    plot.panel.frame_soon()
    plot.settle()
    top = plot.panel.chart.view.viewRange()[1][1]
    assert plot.seen(plot.backbone) > 50
    assert plot.near(plot.backbone, 100, 1e-1) == Near(plot.backbone)
    assert plot.panel._scenery.bands.frozen() == 1
    computed = plot.curves.evaluations
    plot.workspace.display.toggle_hidden(plot.backbone)
    assert plot.seen(plot.backbone) == 0
    assert plot.near(plot.backbone, 100, 1e-1) is None
    assert plot.panel._scenery.bands.frozen() == 0
    plot.panel.frame_all()
    assert plot.panel.chart.view.viewRange()[1][1] < top - 1
    plot.workspace.display.show_all()
    assert plot.seen(plot.backbone) > 50
    assert plot.curves.evaluations == computed


def test_the_one_shown_alone_is_the_only_one_even_if_it_was_hidden(plot: Plot) -> None:
    plot.workspace.display.toggle_hidden(plot.flat)
    plot.workspace.display.toggle_solo(plot.flat)
    assert [plot.seen(group) > 0 for group in (plot.head, plot.backbone, plot.flat)] == [False, False, True]
    assert plot.panel._handles.items() == []
    plot.workspace.display.toggle_solo(plot.flat)
    assert [plot.seen(group) > 0 for group in (plot.head, plot.backbone, plot.flat)] == [True, True, False]


def test_a_locked_curve_is_fainter_and_a_click_on_it_selects_nothing(plot: Plot) -> None:
    at, before = plot.place(plot.flat, 100, 5e-4), plot.seen(plot.flat)
    plot.workspace.display.toggle_locked(plot.flat)
    assert 0.3 * before < plot.seen(plot.flat) < 0.7 * before
    assert plot.curves._curves[plot.flat].stroke.pen.color().alphaF() == pytest.approx(0.5, abs=0.01)
    plot.click(at)
    assert plot.workspace.selected_group.id == plot.head
    plot.workspace.display.toggle_locked(plot.flat)
    plot.click(at)
    assert plot.workspace.selected_group.id == plot.flat


def test_a_locked_selected_curve_has_no_handles(plot: Plot) -> None:
    assert plot.panel._handles.items()
    plot.workspace.display.toggle_locked(plot.head)
    assert plot.panel._handles.items() == []


@pytest.mark.parametrize("log", [True, False])
def test_normalised_curves_all_reach_the_top_and_the_axis_reads_in_percent(plot: Plot, log: bool) -> None:
    plot.panel.set_log(log)
    plot.workspace.display.set_normalised(True)
    plot.settle()
    for curve in plot.curves._curves.values():
        assert np.nanmax(curve.ys) == pytest.approx(0.0 if log else 1.0)
    axis = plot.panel.chart.value_axis
    low, high = plot.panel.chart.view.viewRange()[1]
    texts = axis.tickStrings([tick for _, ticks in axis.tickValues(low, high, 400) for tick in ticks], 1.0, 1.0)
    assert "100 %" in texts
    assert all(text.endswith(" %") for text in texts)
    assert "percent of its own highest value" in plot.panel._scenery.hint
    plot.workspace.display.set_normalised(False)
    plot.settle()
    assert np.nanmax(plot.curves._curves[plot.flat].ys) == pytest.approx(np.log10(5e-4) if log else 5e-4)
    assert plot.panel._scenery.hint == ""


@pytest.mark.parametrize("log", [True, False])
def test_a_handle_of_a_normalised_curve_follows_the_pointer_to_the_value_that_is_read_there(
    plot: Plot, log: bool
) -> None:
    plot.panel.set_log(log)
    plot.workspace.display.set_normalised(True)
    start = plot.grab()
    end = start + QPoint(0, 60)
    view, axis_map = plot.panel.chart.view, plot.curves.map_of(plot.head)
    by = view.mapSceneToView(QPointF(end)).y() - view.mapSceneToView(QPointF(start)).y()
    wanted = axis_map.value(axis_map.y(1e-3) + by)
    plot.drag(start, end)
    item = plot.panel._handles.items()[0]
    assert plot.panel.chart.mapFromScene(item.scenePos()).y() == pytest.approx(end.y(), abs=1)
    curve = plot.curves._curves[plot.head]
    assert np.nanmax(curve.ys) == pytest.approx(axis_map.y(wanted), abs=2e-3)
    plot.release(end)
    assert plot.workspace.selected_group.lr.base == pytest.approx(wanted, rel=2e-3)
    assert np.nanmax(curve.ys) == pytest.approx(0.0 if log else 1.0)


def test_a_pinned_state_stays_behind_as_thin_dashes_where_it_differs(plot: Plot) -> None:
    display = plot.workspace.display
    display.pin_ghost(plot.workspace.design)
    plot.settle()
    assert plot.curves._ghosts == {}
    plot.workspace.commit("", edits.set_base_lr, plot.flat, 4e-3)
    plot.settle()
    assert list(plot.curves._ghosts) == [plot.flat]
    ghost, colour = plot.curves._ghosts[plot.flat], plot.workspace.theme.group_colour(2)
    assert set(ghost.values.tolist()) == {5e-4}
    assert (ghost.stroke.pen.style(), ghost.stroke.pen.widthF()) == (Qt.PenStyle.DashLine, 1.0)
    assert ghost.stroke.pen.color().name() == colour.name()
    assert 0.2 < ghost.stroke.pen.color().alphaF() < 0.7
    row = plot.place(plot.flat, 100, 5e-4).y()
    with_ghost = plot.frame()
    display.drop_ghost()
    differing = np.flatnonzero(np.abs(plot.frame() - with_ghost).max(axis=(1, 2)) > ROUNDING)
    assert differing.size
    assert all(abs(int(line) - row) <= 2 for line in differing)


def test_a_pinned_curve_cannot_be_clicked_and_is_not_computed_again_while_dragging(plot: Plot) -> None:
    plot.workspace.display.pin_ghost(plot.workspace.design)
    plot.workspace.commit("", edits.set_base_lr, plot.flat, 4e-3)
    plot.settle()
    assert plot.near(plot.flat, 100, 5e-4) is None
    start = plot.grab()
    plot.drag(start, start + QPoint(0, 20), moves=2)
    computed = plot.curves.evaluations
    plot.drag(start + QPoint(0, 20), start + QPoint(0, 50), moves=3)
    assert plot.curves.evaluations - computed == 3
    plot.release(start + QPoint(0, 50))


def test_a_group_that_only_the_pinned_state_has_is_drawn_as_it_was(plot: Plot) -> None:
    plot.workspace.display.pin_ghost(plot.workspace.design)
    plot.workspace.commit("", edits.remove_group, plot.flat)
    plot.settle()
    assert list(plot.curves._ghosts) == [plot.flat]
    assert set(plot.curves._ghosts[plot.flat].values.tolist()) == {5e-4}


def test_a_layered_group_is_part_of_the_picture_with_its_fan(plot: Plot) -> None:
    before = plot.frame()
    plot.workspace.commit("", use_layer_decay, plot.backbone, LayerDecay(0.5, layers="features.#"))
    after = plot.frame()
    curve: Any = plot.curves._curves[plot.backbone]
    assert curve.fan is not None
    assert curve.fan not in plot.layer.moving
    assert np.abs(after - before).max() > 30
