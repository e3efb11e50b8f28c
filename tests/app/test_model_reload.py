"""Reloading a model whose file has changed: noticed, offered, asked about, one undoable edit, names mapped."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from lrdesigner import edits, rule_edits
from lrdesigner.demos import demo_design
from lrdesigner.document import Design
from lrdesigner.inventory import Inventory
from lrdesigner.models.source import ModelSource
from lrdesigner.models.trust import Question
from lrdesigner_app.application import make_window
from lrdesigner_app.main_window import MainWindow
from lrdesigner_app.model_watch import ModelWatch, state_of
from lrdesigner_app.notices import Notice


class Loads:
    """Stands in for the child: gives an inventory at once."""

    def __init__(self) -> None:
        self.inventory: Inventory | None = None
        self.asked: list[tuple[str, dict[str, Any], str, Any]] = []

    def __call__(
        self,
        source: ModelSource,
        kwargs: Mapping[str, Any],
        give: Callable[[Inventory], None],
        python: str = "",
        inputs: Any = None,
    ) -> None:
        self.asked.append((source.text, dict(kwargs), python, inputs))
        if self.inventory is not None:
            give(self.inventory)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "net.py"
    made.write_text("class Net: ...\n")
    return made


@pytest.fixture
def loads() -> Loads:
    return Loads()


@pytest.fixture
def questions(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    asked: list[str] = []

    def allowed(question: Question, parent: QWidget) -> bool:
        asked.append(question.names)
        return True

    monkeypatch.setattr("lrdesigner_app.model_reload.allowed", allowed)
    return asked


@pytest.fixture
def window(
    qapp: QApplication, qtbot: QtBot, file: Path, loads: Loads, questions: list[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[MainWindow]:
    made = make_window(qapp, of_file(demo_design(), file))
    made.spare.close()  # no child is wanted here
    monkeypatch.setattr(made.loader, "load", loads)
    with qtbot.waitExposed(made):
        made.show()
    yield made
    made.workspace.store.mark_saved(made.workspace.store.committed)
    made.close()
    made.deleteLater()


def of_file(design: Design, file: Path) -> Design:
    return replace(design, model=replace(design.model, source=f"{file}:Net", kwargs={"width": 3}, inputs=[[1, 3]]))


def renamed(inventory: Inventory, old: str, new: str) -> Inventory:
    def name(path: str) -> str:
        return new + path[len(old) :] if path == old or path.startswith(f"{old}.") else path

    return replace(
        inventory,
        modules=tuple(replace(module, path=name(module.path)) for module in inventory.modules),
        parameters=tuple(replace(p, name=name(p.name)) for p in inventory.parameters),
    )


def notices(window: MainWindow) -> list[Notice]:
    found: list[Notice] = []
    window.workspace.signals.notice_posted.connect(found.append)
    return found


def write_over(file: Path, text: str) -> None:
    """As many editors save: a new file takes the place of the old one."""
    other = file.with_suffix(".tmp")
    other.write_text(text)
    os.replace(other, file)


def test_a_file_that_is_replaced_again_and_again_is_noticed_each_time(file: Path, qtbot: QtBot) -> None:
    watch = ModelWatch(QApplication.instance() or QApplication([]))
    watch.watch((file,))
    for text in ("one", "two"):
        with qtbot.waitSignal(watch.changed, timeout=5000) as changed:
            write_over(file, text)
        assert changed.args == [file]
    watch.watch(())


def test_a_file_that_is_written_to_or_goes_and_comes_back_is_noticed(file: Path, qtbot: QtBot) -> None:
    watch = ModelWatch(QApplication.instance() or QApplication([]))
    watch.watch((file,))
    with qtbot.waitSignal(watch.changed, timeout=5000):
        file.write_text("written")
    file.unlink()
    with qtbot.assertNotEmitted(watch.changed, wait=500):
        pass
    with qtbot.waitSignal(watch.changed, timeout=5000):
        file.write_text("back")
    watch.watch(())


def test_a_file_that_is_saved_as_it_was_is_not_told_of(file: Path, qtbot: QtBot) -> None:
    watch = ModelWatch(QApplication.instance() or QApplication([]))
    watch.watch((file,))
    with qtbot.assertNotEmitted(watch.changed, wait=700):
        write_over(file, file.read_text())
    watch.watch(())


def test_the_state_of_a_file_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    assert state_of(tmp_path / "none.py") is None


def test_a_changed_file_is_offered_to_be_reloaded(window: MainWindow, file: Path, loads: Loads, qtbot: QtBot) -> None:
    with qtbot.waitSignal(window.workspace.signals.notice_posted, timeout=5000) as posted:
        write_over(file, "class Net: pass\n")
    notice = posted.args[0]
    assert (notice.text, notice.action[0], notice.stays) == ("net.py has changed.", "Reload model", True)
    window.notices.action.click()
    assert loads.asked == [(f"{file}:Net", {"width": 3}, "", [[1, 3]])]


def test_only_the_model_of_the_design_is_watched(window: MainWindow, file: Path) -> None:
    assert file in window.reload.watch.files
    window.workspace.store.open(demo_design())
    assert window.reload.watch.files == ()


def test_reloading_keeps_pins_rules_groups_and_history_and_can_be_undone(window: MainWindow, loads: Loads) -> None:
    workspace = window.workspace
    workspace.commit("Rule", rule_edits.add_rule, 2, "*.bias")
    before = workspace.design
    loads.inventory = renamed(before.model.inventory, "classifier", "head")
    window.action("reload_model").trigger()
    after = workspace.design
    assert after.model.inventory is loads.inventory
    assert (after.pins, after.rules, after.groups) == (before.pins, before.rules, before.groups)
    assert (after.model.source, after.model.kwargs) == (before.model.source, before.model.kwargs)
    workspace.store.undo()
    assert workspace.design is before
    workspace.store.undo()
    assert workspace.design.rules == ()


def test_the_question_of_trust_comes_before_the_code_runs(
    window: MainWindow, loads: Loads, questions: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    window.do("reload_model")
    assert len(questions) == len(loads.asked) == 1
    monkeypatch.setattr("lrdesigner_app.model_reload.allowed", lambda question, parent: False)
    window.do("reload_model")
    assert len(loads.asked) == 1


def test_a_renamed_module_is_mapped_by_one_click(window: MainWindow, loads: Loads) -> None:
    window.workspace.commit("Pin", edits.assign, ["features"], 2)
    found, before = notices(window), window.workspace.design
    loads.inventory = renamed(before.model.inventory, "features", "backbone")
    window.do("reload_model")
    assert found[-1].text == "1 module is gone, 1 is new. 1 pin is on names that are gone."
    assert found[-1].action is not None
    assert found[-1].action[0] == "Map features → backbone"
    assert "backbone holds what features held." in found[-1].details
    window.notices.action.click()
    paths = {pin.path for pin in window.workspace.design.pins}
    assert "backbone" in paths
    assert "features" not in paths
    assert window.workspace.store.undo_label == "Map features → backbone"


def test_what_is_gone_without_a_clear_successor_is_told_and_nothing_offered(window: MainWindow, loads: Loads) -> None:
    window.workspace.commit("Pin", edits.assign, ["features"], 2)
    found, old = notices(window), window.workspace.design.model.inventory
    loads.inventory = replace(
        old,
        modules=tuple(m for m in old.modules if not m.path.startswith("features")),
        parameters=tuple(p for p in old.parameters if not p.name.startswith("features")),
    )
    window.do("reload_model")
    assert found[-1].text == "1 module is gone. 1 pin is on names that are gone."
    assert (found[-1].tone, found[-1].action) == ("bad", None)


def test_a_model_that_is_as_it_was_changes_nothing(window: MainWindow, loads: Loads) -> None:
    found, before = notices(window), window.workspace.design
    loads.inventory = before.model.inventory
    window.do("reload_model")
    assert found[-1].text == "The model was reloaded: nothing has changed."
    assert window.workspace.design is before


def test_without_a_model_or_with_one_that_is_gone_a_notice_says_so(
    window: MainWindow, file: Path, loads: Loads
) -> None:
    found = notices(window)
    file.unlink()
    window.do("reload_model")
    assert "There is no file" in found[-1].text
    empty = replace(window.workspace.design, model=replace(window.workspace.design.model, source=""))
    window.workspace.store.open(empty)
    window.do("reload_model")
    assert found[-1].text == "There is no model to reload; open one first."
    assert loads.asked == []


def test_another_design_opened_meanwhile_is_left_alone(window: MainWindow, loads: Loads) -> None:
    taken: list[Callable[[Inventory], None]] = []
    window.loader.load = lambda source, kwargs, give, python, inputs: taken.append(give)  # type: ignore[method-assign,assignment,misc]
    window.do("reload_model")
    other = edits.add_group(demo_design(), "other")
    window.workspace.store.open(other)
    taken[0](renamed(other.model.inventory, "features", "backbone"))
    assert window.workspace.design is other
