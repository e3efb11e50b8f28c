"""Pictures and tables of the plot, from the window: what is shown is what is exported."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from lrdesigner import edits
from lrdesigner.cli.commands import run
from lrdesigner.design_file import save
from lrdesigner.document import Plan
from lrdesigner.expansion_edits import set_exemption
from lrdesigner.param_groups import trained_groups
from lrdesigner_app.main_window import MainWindow

CTRL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


def press(window: MainWindow, key: Qt.Key) -> None:
    window.plot.chart.setFocus()
    QTest.keyClick(window.plot.chart, key, CTRL_SHIFT)


def copied(window: MainWindow, qtbot: QtBot) -> list[list[str]]:
    """The table that Ctrl+Shift+V puts on the clipboard."""
    QGuiApplication.clipboard().clear()
    press(window, Qt.Key.Key_V)
    qtbot.waitUntil(lambda: bool(QGuiApplication.clipboard().text()))
    return list(csv.reader(io.StringIO(QGuiApplication.clipboard().text())))


def choose(monkeypatch: pytest.MonkeyPatch, path: Path, kind: str = "") -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), kind))


def colours(image: QImage, area: QRect) -> set[str]:
    found = range(area.left(), area.right() + 1)
    return {image.pixelColor(x, y).name() for x in found for y in range(area.top(), area.bottom() + 1, 1)}


def test_copied_values_are_those_of_the_command_line(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    design = window.workspace.design
    rows = copied(window, qtbot)
    assert rows[0][:2] == ["step", "epoch"]
    save(design, tmp_path / "d.lrd.json")
    steps = ",".join(row[0] for row in rows[1:40])
    assert run(["curves", str(tmp_path / "d.lrd.json"), "--format", "csv", "--at", steps]) == 0
    told = list(csv.reader(io.StringIO(capsys.readouterr().out)))
    by_name = {name: [row[place] for row in told[1:]] for place, name in enumerate(told[0])}
    for place, name in enumerate(rows[0][2:], 2):
        assert [row[place] for row in rows[1:40]] == by_name[name]
    per_epoch = design.plan.steps_per_epoch
    assert all(float(row[1]) == int(row[0]) / per_epoch for row in rows[1:])


def test_a_short_run_is_copied_step_by_step_and_a_long_one_as_far_as_a_plot_needs(
    window: MainWindow, qtbot: QtBot
) -> None:
    window.workspace.commit("short", edits.set_plan, Plan(7, 3))
    assert [row[0] for row in copied(window, qtbot)[1:]] == [str(step) for step in range(21)]
    window.workspace.commit("long", edits.set_plan, Plan(100_000, 10))
    rows = copied(window, qtbot)
    assert 1000 < len(rows) < 10_000
    assert [rows[1][0], rows[-1][0]] == ["0", "999999"]


def test_hidden_groups_have_no_column_and_param_groups_have_one_each(window: MainWindow, qtbot: QtBot) -> None:
    workspace = window.workspace
    chosen = workspace.design.group(workspace.design.remainder)
    workspace.commit("exempt", set_exemption, chosen.id)
    parts = [part.name for part in trained_groups(workspace.design) if part.group.id == chosen.id]
    names = copied(window, qtbot)[0][2:]
    assert len(parts) > 1
    assert {f"{part}.lr" for part in parts} <= set(names)
    workspace.display.toggle_hidden(chosen.id)
    assert copied(window, qtbot)[0][2:] == [name for name in names if name.removesuffix(".lr") not in parts]


def test_the_product_is_copied_as_the_product(window: MainWindow, qtbot: QtBot) -> None:
    rates = copied(window, qtbot)
    window.plot.set_view("weight_decay")
    decays = copied(window, qtbot)
    window.plot.set_view("lr_wd")
    products = copied(window, qtbot)
    place = products[0].index(rates[0][2].removesuffix(".lr") + ".lr_x_weight_decay")
    wanted = [float(a[2]) * float(b[2]) for a, b in zip(rates[1:], decays[1:], strict=True)]
    assert np.allclose([float(row[place]) for row in products[1:]], wanted, rtol=1e-15, atol=0)


def test_values_are_saved_and_a_canceled_dialog_saves_nothing(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(monkeypatch, Path(""))
    window.do("save_values")
    assert list(tmp_path.iterdir()) == []
    choose(monkeypatch, tmp_path / "values")
    window.do("save_values")
    qtbot.waitUntil((tmp_path / "values.csv").exists)
    assert (tmp_path / "values.csv").read_text().startswith("step,epoch,")


def test_writing_many_values_can_be_cancelled(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.workspace.commit("long", edits.set_plan, Plan(100_000, 10))
    monkeypatch.setattr("lrdesigner_app.value_writer._SLICE_S", 0.0)  # it never gets anywhere
    choose(monkeypatch, tmp_path / "values.csv")
    window.do("save_values")
    qtbot.waitUntil(lambda: window.busy.isVisible(), timeout=5000)
    QTest.mouseClick(window.busy.cancel, Qt.MouseButton.LeftButton)
    assert not window.busy.isVisible()
    qtbot.wait(50)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_a_saved_picture_shows_the_curves_that_are_not_hidden(
    window: MainWindow, suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theme, (first, second) = window.workspace.theme, window.workspace.design.groups[:2]
    window.workspace.display.toggle_hidden(second.id)
    path = tmp_path / f"plot{suffix}"
    choose(monkeypatch, path)
    before = window.workspace.design
    window.do("save_plot")
    assert window.workspace.design is before
    if suffix == ".png":
        image = QImage(str(path))
        assert image.width() >= 640
        seen = colours(image, image.rect())
        assert theme.group_colour(first.colour).name() in seen
        assert theme.group_colour(second.colour).name() not in seen
    else:
        assert QSvgRenderer(str(path)).isValid()
        assert theme.group_colour(first.colour).name() in path.read_text()
        assert theme.group_colour(second.colour).name() not in path.read_text()


def test_a_name_without_an_ending_gets_that_of_the_chosen_kind(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(monkeypatch, tmp_path / "plot", "SVG drawing (*.svg)")
    window.do("save_plot")
    assert [path.name for path in tmp_path.iterdir()] == ["plot.svg"]


def test_what_cannot_be_written_is_told(window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    choose(monkeypatch, tmp_path / "missing" / "plot.png")
    window.do("save_plot")
    assert "plot.png" in window.notices.text.text()


def test_the_copied_picture_has_two_pixels_for_each_of_the_plot(window: MainWindow) -> None:
    window.plot.set_log(not window.plot.log)
    press(window, Qt.Key.Key_I)
    image = QGuiApplication.clipboard().image()
    assert image.width() == 2 * max(window.plot.width(), 640)
    colour = window.workspace.theme.group_colour(window.workspace.design.groups[0].colour).name()
    assert colour in colours(image, image.rect())
