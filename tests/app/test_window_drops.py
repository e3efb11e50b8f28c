"""Files dropped onto the window, as the system delivers them: enter, move, leave, drop."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QTimer, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent, QWindow
from PySide6.QtWidgets import QApplication, QDialog, QMessageBox
from pytestqt.qtbot import QtBot

from lrdesigner import edits
from lrdesigner.demos import demo_design
from lrdesigner.design_file import save
from lrdesigner.models.base import ModelSource
from lrdesigner.trials.sweep_files import SweepFacts, write_facts
from lrdesigner_app import dragging
from lrdesigner_app.main_window import MainWindow
from lrdesigner_app.open_model_dialog import OpenModelDialog
from lrdesigner_app.trial.variants_page import VariantsPage
from lrdesigner_app.window_drops import what_is

Answer = QMessageBox.StandardButton
LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
ACTIONS = Qt.DropAction.CopyAction | Qt.DropAction.MoveAction


class Drag:
    """One drag over the window of the system, as the platform would deliver it."""

    def __init__(self, window: MainWindow, data: QMimeData, place: QPoint | None = None) -> None:
        self.data = data
        self.place = place or QPoint(window.width() // 2, window.height() // 2)
        handle = window.windowHandle()
        assert handle is not None
        self.target: QWindow = handle
        self.entered = QDragEnterEvent(self.place, ACTIONS, data, LEFT, NONE)
        QApplication.sendEvent(self.target, self.entered)

    def move(self) -> QDragMoveEvent:
        event = QDragMoveEvent(self.place, ACTIONS, self.data, LEFT, NONE)
        QApplication.sendEvent(self.target, event)
        return event

    def drop(self) -> QDropEvent:
        event = QDropEvent(self.place, ACTIONS, self.data, LEFT, NONE)
        QApplication.sendEvent(self.target, event)
        QApplication.processEvents()
        return event

    def leave(self) -> None:
        QApplication.sendEvent(self.target, QDragLeaveEvent())


def files(*paths: Path | str) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) if isinstance(path, Path) else QUrl(path) for path in paths])
    data.setText("\n".join(map(str, paths)))  # file managers offer this too, which fields of text would take
    return data


@pytest.fixture
def design_file(tmp_path: Path) -> Path:
    file = tmp_path / "mine.lrd.json"
    save(edits.set_base_lr(demo_design(), 1, 0.125), file)
    return file


def said(window: MainWindow) -> str:
    assert window.drops.overlay.isVisible()
    return window.drops.overlay.accessibleName()


def test_a_design_is_opened_where_it_is_dropped_and_the_overlay_says_so_before(
    window: MainWindow, design_file: Path
) -> None:
    drag = Drag(window, files(design_file))
    assert drag.entered.isAccepted()
    assert said(window) == "Open mine.lrd.json as a design"
    assert drag.move().isAccepted()
    event = drag.drop()
    assert event.isAccepted()
    assert event.dropAction() == Qt.DropAction.CopyAction
    assert not window.drops.overlay.isVisible()
    assert window.files.path == design_file


def test_a_field_of_text_under_the_pointer_gets_nothing(window: MainWindow, design_file: Path) -> None:
    field = window.inspector.base_form.editor("base")
    Drag(window, files(design_file), field.mapTo(window, field.rect().center())).drop()
    assert window.files.path == design_file
    assert field.text() == "0.125"


def test_leaving_takes_the_overlay_away_and_opens_nothing(window: MainWindow, design_file: Path) -> None:
    drag = Drag(window, files(design_file))
    drag.leave()
    assert not window.drops.overlay.isVisible()
    assert window.files.path is None


@pytest.mark.parametrize("answer", [Answer.Cancel, Answer.Discard])
def test_unsaved_changes_are_asked_about(
    window: MainWindow, design_file: Path, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.workspace.commit("", edits.rename_group, 1, "kept")
    monkeypatch.setattr(window.files, "ask_about_unsaved", lambda: answer)
    Drag(window, files(design_file)).drop()
    assert (window.workspace.design.group(1).name == "kept") == (answer == Answer.Cancel)


def test_of_several_files_the_first_is_opened_with_a_notice(window: MainWindow, design_file: Path) -> None:
    drag = Drag(window, files(design_file, Path("/other.py"), Path("/third.py")))
    assert said(window) == "Open mine.lrd.json as a design (the first of 3)"
    drag.drop()
    assert window.notices.text.text() == "Only mine.lrd.json is opened; 2 other files were left out."


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("notes.txt", "x", "notes.txt is no design, Python file, checkpoint or model configuration"),
        ("other.json", '{"a": 1}', "other.json is neither a design nor a model's configuration"),
        ("gone.pt", None, "gone.pt is no design, Python file, checkpoint or model configuration"),
    ],
)
def test_what_cannot_be_opened_is_refused_with_the_reason(
    window: MainWindow, tmp_path: Path, name: str, content: str | None, reason: str
) -> None:
    file = tmp_path / name
    if content is not None:
        file.write_text(content)
    drag = Drag(window, files(file))
    assert not drag.entered.isAccepted()
    assert said(window) == reason
    assert not drag.move().isAccepted()
    assert not drag.drop().isAccepted()
    assert window.files.path is None


def test_the_folder_of_a_sweep_is_shown_on_the_page_of_variants(
    window: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    write_facts(tmp_path, SweepFacts("as designed", 450, 3))
    drag = Drag(window, files(tmp_path))
    assert said(window) == f"Show the sweep in {tmp_path.name}"
    drag.drop()
    page = window.trial_tab.page(2)
    assert isinstance(page, VariantsPage)
    qtbot.waitUntil(lambda: "0 of 3 runs have ended" in page.words.text(), timeout=20_000)
    assert page.isVisible()


def test_an_address_of_the_web_is_refused(window: MainWindow) -> None:
    drag = Drag(window, files("https://example.org/net.py"))
    assert not drag.entered.isAccepted()
    assert said(window) == "Only files of this machine can be opened"


def test_a_python_file_opens_the_dialog_with_it(window: MainWindow, tmp_path: Path) -> None:
    file = tmp_path / "net.py"
    file.write_text("class Net: pass\n")
    drag = Drag(window, files(file))
    assert said(window) == "Open net.py as a model"
    seen: list[tuple[str, int]] = []

    def look() -> None:
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, OpenModelDialog)
        seen.append((dialog.model.text(), dialog.name.count()))
        dialog.done(QDialog.DialogCode.Rejected)

    QTimer.singleShot(100, look)
    drag.drop()
    assert seen == [(str(file), 1)]


@pytest.mark.parametrize(("name", "prefix"), [("model.safetensors", ""), ("config.json", "transformers:")])
def test_checkpoints_and_configurations_are_loaded_as_models(
    window: MainWindow, tmp_path: Path, name: str, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / name
    file.write_text('{"model_type": "bert"}')
    loaded: list[str] = []

    def load(source: ModelSource, *_: object) -> None:
        loaded.append(source.text)

    monkeypatch.setattr(window, "load_model", load)
    monkeypatch.setattr("lrdesigner_app.opening.allowed", lambda question, parent: True)
    drag = Drag(window, files(file))
    assert said(window) == f"Open {name} as a model"
    drag.drop()
    assert loaded == [f"{prefix}{file}"]


def test_a_design_is_known_by_its_content_where_its_name_says_nothing(design_file: Path, tmp_path: Path) -> None:
    other = tmp_path / "old.json"
    other.write_bytes(design_file.read_bytes())
    assert what_is(other).kind == "design"


def test_parts_of_the_model_are_still_dragged_to_groups(window: MainWindow) -> None:
    view = window.groups.view
    place = view.viewport().mapTo(window, view.visualRect(view.model().index(1, 0)).center())
    drag = Drag(window, dragging.encode(["features"]), place)
    assert not window.drops.overlay.isVisible()
    drag.move()
    before = window.workspace.design
    drag.drop()
    assert window.workspace.design is not before


def test_a_drop_is_let_pass_while_a_dialog_is_open(window: MainWindow, design_file: Path) -> None:
    dialog = QDialog(window)
    dialog.setModal(True)
    dialog.show()
    Drag(window, files(design_file)).drop()
    dialog.close()
    assert window.files.path is None
