"""File > Open recent: filled when it is shown, opened by its numbers, honest about files that are gone."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from lrdesigner import edits
from lrdesigner.demos import demo_design
from lrdesigner.design_file import save
from lrdesigner.models.source import parse_source
from lrdesigner_app.main_window import MainWindow
from lrdesigner_app.recent_files import MOST, Recent, RecentFiles, recent_design, recent_model
from lrdesigner_app.settings import Settings

Answer = QMessageBox.StandardButton


@pytest.fixture
def designs(tmp_path: Path) -> tuple[Path, ...]:
    files = tuple(tmp_path / f"{name}.lrd.json" for name in ("first", "a & b"))
    for number, file in enumerate(files):
        save(edits.set_base_lr(demo_design(), 1, 0.5 / (number + 1)), file)
    return files


def texts(window: MainWindow) -> list[str]:
    return [action.text() for action in window.recent_menu.actions() if not action.isSeparator()]


def show(window: MainWindow, qtbot: QtBot) -> None:
    window.recent_menu.popup(window.mapToGlobal(QPoint(50, 50)))
    qtbot.waitUntil(window.recent_menu.isVisible)


def test_the_menu_lists_what_was_opened_or_saved_newest_first(
    window: MainWindow, designs: tuple[Path, ...], tmp_path: Path, qtbot: QtBot
) -> None:
    assert texts(window) == ["Nothing was open lately", "&Clear"]
    for file in designs:
        assert window.files.open(file)
    assert window.files.save_to(tmp_path / "third.lrd.json")
    assert window.files.open(designs[0])
    show(window, qtbot)
    assert texts(window) == ["&1  first.lrd.json", "&2  third.lrd.json", "&3  a && b.lrd.json", "&Clear"]
    assert window.recent_menu.actions()[0].toolTip() == str(designs[0])
    assert window.recent_menu.toolTipsVisible()
    window.recent_menu.close()
    assert window.recent_menu.menuAction() in window.action_set.menus["File"].actions()


def test_a_number_opens_its_file(window: MainWindow, designs: tuple[Path, ...], qtbot: QtBot) -> None:
    for file in designs:
        window.files.open(file)
    show(window, qtbot)
    QTest.keyClick(window.recent_menu, Qt.Key.Key_2)
    assert window.files.path == designs[0]
    assert window.workspace.design.group(1).lr.base == 0.5


def test_unsaved_changes_are_asked_about(
    window: MainWindow, designs: tuple[Path, ...], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    for file in designs:
        window.files.open(file)
    window.workspace.commit("", edits.rename_group, 1, "mine")
    monkeypatch.setattr(window.files, "ask_about_unsaved", lambda: Answer.Cancel)
    show(window, qtbot)
    QTest.keyClick(window.recent_menu, Qt.Key.Key_2)
    assert window.files.path == designs[1]
    assert window.workspace.design.group(1).name == "mine"


def test_a_file_that_is_gone_is_dimmed_and_leaves_the_list_when_it_is_chosen(
    window: MainWindow, designs: tuple[Path, ...], qtbot: QtBot
) -> None:
    for file in designs:
        window.files.open(file)
    show(window, qtbot)
    before = window.recent_menu.grab().toImage()
    window.recent_menu.close()
    designs[0].unlink()
    show(window, qtbot)
    assert texts(window)[1] == "&2  first.lrd.json (missing)"
    place = window.recent_menu.actionGeometry(window.recent_menu.actions()[1])

    def darkest() -> int:
        image = window.recent_menu.grab().toImage()
        return min(image.pixelColor(x, place.center().y()).lightness() for x in range(place.left(), place.right()))

    assert darkest() > min(
        before.pixelColor(x, place.center().y()).lightness() for x in range(place.left(), before.width())
    )
    QTest.mouseClick(window.recent_menu, Qt.MouseButton.LeftButton, pos=place.center())
    assert window.notices.text.text() == "first.lrd.json is no longer there; it was taken off the list."
    assert window.files.path == designs[1]
    assert [entry.text for entry in window.files.recent.entries] == [str(designs[1])]


def test_clear_forgets_all_and_touches_no_file(window: MainWindow, designs: tuple[Path, ...], qtbot: QtBot) -> None:
    window.files.open(designs[0])
    show(window, qtbot)
    QTest.keyClick(window.recent_menu, Qt.Key.Key_C)
    assert window.files.recent.entries == ()
    assert designs[0].exists()


def test_a_model_is_opened_again_with_its_arguments(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    file = tmp_path / "net.py"
    file.write_text("class Net: pass\n")
    window.files.recent.add(recent_model(parse_source(f"{file}:Net"), {"depth": 3}, "", [[1, 3]]))
    monkeypatch.setattr("lrdesigner_app.opening.allowed", lambda question, parent: True)
    loaded: list[tuple[object, ...]] = []
    monkeypatch.setattr(
        window, "load_model", lambda source, kwargs, python, inputs: loaded.append((source.stored, kwargs, inputs))
    )
    show(window, qtbot)
    assert texts(window)[0] == "&1  net.py:Net"
    QTest.keyClick(window.recent_menu, Qt.Key.Key_1)
    assert loaded == [(f"{file}:Net", {"depth": 3}, [[1, 3]])]


def test_at_most_ten_are_kept_over_a_restart() -> None:
    recent = RecentFiles(Settings())
    for number in range(MOST + 3):
        recent.add(recent_design(Path(f"/somewhere, else/{number}; [a]=1.lrd.json")))
    recent.add(Recent("model", "timm:resnet18", kwargs={"x": [1, "ä, b"]}))
    recent._settings.write()
    kept = RecentFiles(Settings()).entries
    assert len(kept) == MOST
    assert kept[0] == Recent("model", "timm:resnet18", kwargs={"x": [1, "ä, b"]})
    assert kept[1].text == "/somewhere, else/12; [a]=1.lrd.json"


@pytest.mark.parametrize("kept", ["", "nonsense", "[1, 2]", '[{"kind": "other", "text": ""}]', "{}"])
def test_settings_that_hold_something_else_are_an_empty_list(kept: str) -> None:
    settings = Settings()
    settings.put("recent", kept)
    assert RecentFiles(settings).entries == ()
    RecentFiles(settings).add(recent_design(Path("/a.lrd.json")))
    assert len(RecentFiles(settings).entries) == 1


def test_the_same_model_with_other_arguments_is_an_entry_of_its_own() -> None:
    recent = RecentFiles(Settings())
    for depth in (1, 2, 1):
        recent.add(Recent("model", "timm:resnet18", kwargs={"depth": depth}))
    assert [entry.kwargs["depth"] for entry in recent.entries] == [1, 2]
