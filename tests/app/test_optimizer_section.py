"""The optimizer of the selected group: chosen, set, folded; other packages by their import path."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from lrdesigner import edits
from lrdesigner.document import Design
from lrdesigner.optimizers import (
    OPTIMIZERS,
    AdamWOptions,
    AnyOptions,
    CustomOptions,
    LBFGSOptions,
    MuonOptions,
    optimizer_of,
)
from lrdesigner.schedules import Linear
from lrdesigner_app.schedule_editor import Inspector
from lrdesigner_app.schedule_editor.optimizer_section import OptimizerSection
from lrdesigner_app.schedule_editor.optional_fields import OptionalField
from lrdesigner_app.schedule_editor.value_fields import TextField
from lrdesigner_app.workspace import Workspace

LION = CustomOptions("lion_pytorch.Lion", {"betas": [0.9, 0.99]})


@pytest.fixture
def section(inspector: Inspector) -> OptimizerSection:
    return inspector.optimizer


def options(workspace: Workspace) -> object:
    return workspace.store.committed.groups[0].options


def choose(section: OptimizerSection, name: str) -> None:
    """With the keyboard, as a person does: open the list, go to the entry, Enter."""
    chooser = section.chooser
    chooser.setFocus()
    chooser.showPopup()
    chooser.view().setCurrentIndex(chooser.model().index(chooser.findData(name), 0))
    QTest.keyClick(chooser.view(), Qt.Key.Key_Return)


def write(field: QWidget, text: str) -> None:
    assert isinstance(field, TextField)
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, text)


def use(workspace: Workspace, made: AnyOptions) -> None:
    def edit(design: Design) -> Design:
        return replace(design, groups=(replace(design.groups[0], options=made), *design.groups[1:]))

    workspace.commit("Options", edit)


def test_every_optimizer_can_be_chosen_and_the_common_ones_come_first(section: OptimizerSection) -> None:
    found = [section.chooser.itemData(row) for row in range(section.chooser.count())]
    names = [name for name in found if name is not None]
    assert names[:4] == ["AdamW", "SGD", "Adam", "Muon"]
    assert names[-1] == "custom"
    assert sorted(names) == sorted(OPTIMIZERS)


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_a_chosen_optimizer_is_in_the_design_with_its_fields_and_undone_as_one(
    section: OptimizerSection, workspace: Workspace, name: str
) -> None:
    before = workspace.store.committed
    other = edits.set_optimizer(before, 1, "SGD" if name == "AdamW" else name)
    choose(section, "SGD" if name == "AdamW" else name)
    assert workspace.store.committed == other
    shown = {*section.options_form.names, *section.more_form.names}
    assert shown == set(workspace.store.committed.groups[0].options.__struct_fields__)
    workspace.store.undo()
    assert workspace.store.committed == before
    assert section.chooser.currentData() == "AdamW"


def test_more_is_folded_until_it_is_opened_and_then_stays_open(section: OptimizerSection, workspace: Workspace) -> None:
    assert not section.more_form.isVisible()
    QTest.mouseClick(section.more, Qt.MouseButton.LeftButton)
    assert section.more_form.isVisible()
    choose(section, "Muon")
    assert section.more_form.isVisible()
    assert set(section.more_form.names) == {"ns_steps", "ns_a", "ns_b", "ns_c"}
    choose(section, "custom")
    assert not section.more.isVisible()
    assert not section.more_form.isVisible()
    choose(section, "SGD")
    assert section.more_form.isVisible()


def test_a_switch_that_torch_decides_can_be_set_and_left_to_it_again(
    section: OptimizerSection, workspace: Workspace
) -> None:
    QTest.mouseClick(section.more, Qt.MouseButton.LeftButton)
    fused = section.more_form.editor("fused")
    assert isinstance(fused, OptionalField)
    assert fused.currentText() == "Automatic"
    fused.setFocus()
    QTest.keyClick(fused, Qt.Key.Key_Down)
    assert options(workspace) == AdamWOptions(fused=True)
    foreach = section.more_form.editor("foreach")
    QTest.keyClick(foreach, Qt.Key.Key_Down)  # torch refuses both
    assert options(workspace) == AdamWOptions(fused=True)
    assert foreach.currentText() == "Automatic"  # type: ignore[attr-defined]
    QTest.keyClick(fused, Qt.Key.Key_Up)
    assert options(workspace) == AdamWOptions()


def test_a_choice_that_may_be_automatic(section: OptimizerSection, workspace: Workspace) -> None:
    choose(section, "LBFGS")
    search = section.options_form.editor("line_search_fn")
    search.setFocus()
    QTest.keyClick(search, Qt.Key.Key_Down)
    assert options(workspace) == LBFGSOptions(line_search_fn="strong_wolfe")
    write(section.options_form.editor("max_eval"), "99")
    QTest.keyClick(section.options_form.editor("max_eval"), Qt.Key.Key_Return)
    assert options(workspace) == LBFGSOptions(line_search_fn="strong_wolfe", max_eval=99)


def test_a_path_is_previewed_while_typed_explained_when_wrong_and_kept_with_enter(
    section: OptimizerSection, workspace: Workspace
) -> None:
    choose(section, "custom")
    field = section.options_form.editor("path")
    assert isinstance(field, TextField)
    assert field.text() == "torch.optim.AdamW"
    said: list[str] = []
    field.explained.connect(said.append)
    write(field, "lion_pytorch.")
    assert "no import path" in said[-1]
    QTest.keyClicks(field, "Lion")
    assert said[-1] == ""
    assert workspace.design.groups[0].options.path == "lion_pytorch.Lion"  # type: ignore[union-attr]
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert options(workspace).path == "lion_pytorch.Lion"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("betas=(0.95, 0.98), weight_decay=0.1", {"betas": [0.95, 0.98], "weight_decay": 0.1}),
        ('{"betas": [0.9, 0.99], "mode": "fast", "clip": null}', {"betas": [0.9, 0.99], "mode": "fast", "clip": None}),
        ("", {}),
    ],
)
def test_free_options_are_typed_as_in_code_or_as_json(
    section: OptimizerSection, workspace: Workspace, text: str, wanted: dict[str, object]
) -> None:
    choose(section, "custom")
    field = section.options_form.editor("options")
    assert isinstance(field, TextField)
    field.setFocus()
    field.selectAll()
    QTest.keyClick(field, Qt.Key.Key_Delete)
    QTest.keyClicks(field, text)
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert options(workspace) == CustomOptions("torch.optim.AdamW", wanted)
    workspace.store.undo()
    assert "betas=(0.9, 0.999)" in field.text()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("lr=0.1", "'lr' cannot be an option: it is the base lr of the group"),
        ("0.1", "needs a name"),
        ("a=f(1)", "must be written out"),
        ("a=[[1]]", "flat list"),
        ("a=", "cannot be read"),
        ('{"a": ', "JSON cannot be read"),
        ("**{}", "one by one"),
    ],
)
def test_options_that_cannot_be_are_explained_and_change_nothing(
    section: OptimizerSection, workspace: Workspace, text: str, words: str
) -> None:
    choose(section, "custom")
    before = workspace.store.committed
    field = section.options_form.editor("options")
    said: list[str] = []
    field.explained.connect(said.append)  # type: ignore[attr-defined]
    write(field, text)
    assert words in said[-1]
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert workspace.store.committed == before
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert workspace.design == before


def test_betas_of_another_package_can_move(inspector: Inspector, workspace: Workspace) -> None:
    use(workspace, LION)
    workspace.commit("track", edits.set_track, 1, "momentum", Linear(1.0, 0.9))
    assert workspace.design.groups[0].momentum == Linear(1.0, 0.9)
    assert optimizer_of(workspace.design.groups[0].options).name == "custom"
    use(workspace, MuonOptions())
    assert inspector.optimizer.chooser.currentText() == "Muon"


def test_a_long_number_shows_its_exponent_until_it_is_edited(inspector: Inspector, workspace: Workspace) -> None:
    base = 1.8417889721157e-07
    workspace.commit("", edits.set_base_lr, 1, base)
    field = inspector.base_form.editor("base")
    assert isinstance(field, TextField)
    assert field.text() == "1.842e-7"
    assert "1.8417889721157e-7" in field.toolTip()
    field.setFocus()
    assert field.text() == "1.8417889721157e-7"
    QTest.keyClick(field, Qt.Key.Key_Return)
    QTest.keyClick(field, Qt.Key.Key_Tab)
    assert field.text() == "1.842e-7"
    assert workspace.store.committed.group(1).lr.base == base
