"""The dialog of presets: what it lists, previews, explains, applies and takes back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import pytest
from msgspec import Meta, Struct
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from lrdesigner import edits
from lrdesigner.document import Design
from lrdesigner.inventory import Inventory
from lrdesigner.presets import PRESETS
from lrdesigner.rule_edits import add_rule
from lrdesigner_app.presets import PresetsDialog
from lrdesigner_app.presets.words import outcome
from lrdesigner_app.schedule_editor import FormOutlet, StructForm
from lrdesigner_app.schedule_editor.value_fields import TextField
from lrdesigner_app.workspace import Workspace


class Rate(Struct, frozen=True):
    """What the first preset asks."""

    lr: Annotated[float, Meta(gt=0, le=1, title="Head lr")] = 0.01


class Nothing(Struct, frozen=True):
    """What the second one asks."""


@dataclass(frozen=True)
class Fake:
    """A preset that makes a group, or fits no model."""

    title: str
    parameters: type[Struct]
    why: str | None = None
    label: str = "Preset: fake"
    summary: str = "Makes a head."
    source: str = "A paper."
    notes: str = "A remark."

    def fits(self, inventory: Inventory) -> str | None:
        return self.why

    def apply(self, design: Design, parameters: Any = None) -> Design:
        if len(design.groups) > 2:
            return design
        design = add_rule(edits.add_group(design, "head"), 3, "classifier.5")
        return edits.set_base_lr(design, 3, parameters.lr) if isinstance(parameters, Rate) else design


FAKES = (Fake("Unfit", Nothing, "There is no head."), Fake("Head", Rate), Fake("Plain", Nothing))


def form(send: Callable[[str, Any, bool], None], cancel: Callable[[], None]) -> StructForm:
    return StructForm(FormOutlet(send, cancel, lambda text: None))


@pytest.fixture
def dialog(workspace: Workspace, qtbot: QtBot) -> PresetsDialog:
    made = PresetsDialog(workspace, FAKES, form)
    qtbot.addWidget(made)
    with qtbot.waitExposed(made):
        made.show()
    return made


def lr_of(dialog: PresetsDialog) -> TextField:
    assert isinstance(dialog.form, StructForm)
    editor = dialog.form.editor("lr")
    assert isinstance(editor, TextField)
    return editor


def test_the_first_that_fits_is_previewed_at_once(dialog: PresetsDialog, workspace: Workspace) -> None:
    assert dialog.list.currentRow() == 1
    assert [group.name for group in workspace.design.groups] == ["everything", "backbone", "head"]
    assert len(workspace.store.committed.groups) == 2
    assert dialog.outcome.text() == "Adds head and 1 rule; torch gets 3 param groups in one optimizer."
    assert dialog.source.text() == "Source: A paper."


def test_parameters_are_previewed_while_typed_and_applied_as_one_edit(
    dialog: PresetsDialog, workspace: Workspace
) -> None:
    before = workspace.store.committed
    field = lr_of(dialog)
    field.selectAll()
    QTest.keyClicks(field, "0.05")
    assert workspace.design.group(3).lr.base == 0.05
    dialog.apply_button.click()
    assert workspace.store.committed.group(3).lr.base == 0.05
    assert workspace.store.undo_label == "Preset: fake"
    assert not dialog.isVisible()
    workspace.store.undo()
    assert workspace.design is before


def test_a_parameter_that_cannot_be_is_explained_and_not_applied(dialog: PresetsDialog, workspace: Workspace) -> None:
    said: list[str] = []
    field = lr_of(dialog)
    field.explained.connect(said.append)
    field.selectAll()
    QTest.keyClicks(field, "7")
    assert "at most 1" in said[-1]
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert workspace.design.group(3).lr.base == 0.01


def test_what_does_not_fit_says_why_and_shows_the_design_as_it_is(dialog: PresetsDialog, workspace: Workspace) -> None:
    dialog.list.setCurrentRow(0)
    assert workspace.design is workspace.store.committed
    assert dialog.problem.text() == "There is no head."
    assert not dialog.apply_button.isEnabled()
    dialog.apply()
    assert dialog.isVisible()


def test_escape_takes_the_preview_away(dialog: PresetsDialog, workspace: Workspace) -> None:
    before = workspace.store.committed
    QTest.keyClick(dialog.list, Qt.Key.Key_Escape)
    assert workspace.design is before
    assert workspace.store.undo_label is None


def test_what_is_applied_already_changes_nothing(workspace: Workspace, qtbot: QtBot) -> None:
    workspace.commit("", FAKES[1].apply, Rate())
    dialog = PresetsDialog(workspace, FAKES, form)
    qtbot.addWidget(dialog)
    assert "already" in dialog.outcome.text()
    assert not dialog.apply_button.isEnabled()


def test_every_preset_has_a_form_and_a_word_on_its_outcome(workspace: Workspace, qtbot: QtBot) -> None:
    dialog = PresetsDialog(workspace, PRESETS, form)
    qtbot.addWidget(dialog)
    assert isinstance(dialog.form, StructForm)
    for row, preset in enumerate(PRESETS):
        dialog.list.setCurrentRow(row)
        assert set(dialog.form.names) == set(preset.parameters.__struct_fields__)
        assert dialog.problem.text() or dialog.outcome.text()
    dialog.reject()
    assert workspace.design is workspace.store.committed


def test_outcomes_are_told_in_the_words_of_torch(design: Design) -> None:
    assert outcome(design, edits.set_base_lr(design, 1, 0.5)) == "Torch gets 2 param groups in one optimizer."
    several = design
    for name in "abcd":
        several = edits.add_group(several, name)
    assert outcome(design, several).startswith("Adds a, b, c and 1 more; torch gets 2")


def test_a_model_that_comes_while_the_dialog_is_open_gets_the_preset(
    dialog: PresetsDialog, workspace: Workspace, design: Design
) -> None:
    workspace.store.open(edits.rename_group(design, 1, "other"))
    assert [group.name for group in workspace.design.groups] == ["other", "backbone", "head"]
    QTest.mouseClick(dialog.apply_button, Qt.MouseButton.LeftButton)
    assert [group.name for group in workspace.store.committed.groups] == ["other", "backbone", "head"]
