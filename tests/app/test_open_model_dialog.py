"""The dialog says what opening would do, and the loader tries one way after the other."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QDialog
from pytestqt.qtbot import QtBot

from lrdesigner.inventory import Inventory, ModuleInfo
from lrdesigner.jobs.protocol import PROTOCOL_VERSION
from lrdesigner.models.opening import Inspection
from lrdesigner.models.source import parse_source
from lrdesigner_app.model_loader import ModelLoader, opened_notice
from lrdesigner_app.notices import Notice
from lrdesigner_app.open_model_dialog import OpenModelDialog
from lrdesigner_app.processes import SpareChild


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "net.py").write_text("from torch import nn\nclass Net(nn.Module): ...\ndef make(): ...\n")
    (tmp_path / "weights.safetensors").write_text("")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def dialog(qtbot: QtBot, folder: Path) -> OpenModelDialog:
    made = OpenModelDialog(None, str(folder))
    qtbot.addWidget(made)
    return made


def test_a_python_file_offers_its_classes_and_a_choice_completes_the_text(
    dialog: OpenModelDialog, qtbot: QtBot
) -> None:
    assert not dialog.name.isEnabled()
    dialog.model.setText("net.py")
    assert [dialog.name.itemText(row) for row in range(dialog.name.count())] == ["Net", "make"]
    dialog.name.setCurrentIndex(1)
    dialog.name.activated.emit(1)
    assert dialog.model.text() == "net.py:make"
    dialog.model.setText("net.py:Net")
    assert dialog.name.currentText() == "Net"


@pytest.mark.parametrize(
    ("text", "outlook"),
    [
        ("weights.safetensors", "Reads names and shapes; runs nothing."),
        ("net.py:Net", f"Runs the code of {{folder}}/net.py, with {sys.executable}."),
        ("timm:a", f"Builds a of the installed timm, without pretrained weights, with {sys.executable}."),
        ("pkg.nets:make", f"Imports pkg.nets and runs its code, with {sys.executable}."),
        ("net.py:", ""),
    ],
)
def test_the_dialog_says_beneath_what_will_happen(
    dialog: OpenModelDialog, folder: Path, text: str, outlook: str
) -> None:
    dialog.model.setText(text)
    assert dialog.outlook.text() == outlook.format(folder=folder)


def test_a_checkpoint_takes_no_arguments_and_no_interpreter(dialog: OpenModelDialog) -> None:
    dialog.model.setText("weights.safetensors")
    assert not any(field.isEnabled() for field in (dialog.kwargs, dialog.inputs, dialog.python))
    dialog.model.setText("net.py:Net")
    assert all(field.isEnabled() for field in (dialog.kwargs, dialog.inputs, dialog.python))


def test_of_a_file_with_one_class_that_one_is_taken(dialog: OpenModelDialog, folder: Path) -> None:
    (folder / "one.py").write_text("class Only: ...\n")
    dialog.model.setText("net.py")
    assert dialog.name.placeholderText() == "Choose one of 2"
    dialog.model.setText("one.py")
    dialog.accept()
    assert dialog.source is not None
    assert dialog.source.text == "one.py:Only"


def test_what_was_typed_is_taken_whole(dialog: OpenModelDialog) -> None:
    dialog.model.setText("net.py:Net")
    dialog.kwargs.setText('{"depth": 3}')
    dialog.inputs.setText("[[1, 3]]")
    dialog.python.setText(sys.executable)
    dialog.accept()
    assert dialog.result() == QDialog.DialogCode.Accepted
    assert dialog.source is not None
    assert dialog.source.text == "net.py:Net"
    assert (dialog.arguments, dialog.interpreter) == ({"depth": 3}, "")
    assert dialog.shapes == [[1, 3]]


@pytest.mark.parametrize(
    ("field", "text", "told"),
    [
        ("model", "net.py", "for example Net, make"),
        ("model", "nett.py:Net", "did you mean net.py?"),
        ("kwargs", "{", "arguments are not JSON"),
        ("inputs", "[1]", "is not the shape of an input"),
        ("python", "/nowhere/python", "There is no Python at /nowhere/python"),
    ],
)
def test_what_is_wrong_is_told_in_the_dialog(dialog: OpenModelDialog, field: str, text: str, told: str) -> None:
    dialog.model.setText("net.py:Net")
    getattr(dialog, field).setText(text)
    dialog.accept()
    assert told in dialog.problem.text()
    assert dialog.result() != QDialog.DialogCode.Accepted


# The loader, with children that need no torch

BODY = """
import json, os, sys
def say(kind, **fields):
    os.write(1, (json.dumps({"kind": kind, **fields}) + "\\n").encode())
say("hello", protocol=PROTOCOL, pid=os.getpid(), python="3.11.0", torch="0")
asked = json.loads(sys.stdin.buffer.readline())
if asked.get("rung", "meta") in asked.get("kwargs", {}).get("fails", []):
    say("error", message=f"Building Net failed on {asked.get('rung', 'meta')}.", building=True, error="RuntimeError")
    say("end", reason="failed", metrics={})
else:
    say("inventory", modules=[{"path": "", "type": "Net"}], parameters=[])
    say("end", reason="finished", metrics={"notes": asked.get("kwargs", {}).get("notes", ["It is small."])})
"""


@pytest.fixture
def loader() -> Iterator[ModelLoader]:
    command = [sys.executable, "-u", "-c", f"PROTOCOL = {PROTOCOL_VERSION}\n{BODY}"]
    spare = SpareChild(None, lambda: command, lambda: dict(os.environ))
    yield ModelLoader(spare)
    spare.close()


@pytest.mark.parametrize("fails", [[], ["meta"], ["meta", "hybrid"]])
def test_the_loader_goes_on_until_a_way_works(
    loader: ModelLoader, folder: Path, qtbot: QtBot, fails: list[str]
) -> None:
    given: list[Inventory] = []
    told: list[Notice] = []
    loader.remarked.connect(told.append)
    with qtbot.waitSignal(loader.ended, timeout=20_000):
        loader.load(parse_source("net.py:Net"), {"fails": fails}, given.append)
    qtbot.waitUntil(lambda: len(told) == 1)
    assert [found.modules[0].type for found in given] == ["Net"]
    assert told[0].text == "It is small."
    assert told[0].details == "It is small.\nThe model has no parameters."


def test_when_no_way_works_the_real_build_says_why(loader: ModelLoader, folder: Path, qtbot: QtBot) -> None:
    told: list[Notice] = []
    loader.failed.connect(told.append)
    with qtbot.waitSignal(loader.failed, timeout=20_000):
        loader.load(parse_source("net.py:Net"), {"fails": ["meta", "hybrid", "cpu"]}, lambda _: None)
    assert [(notice.tone, notice.text) for notice in told] == [
        ("bad", "net.py:Net cannot be opened: Building Net failed on cpu.")
    ]


def test_a_single_remark_needs_no_details(loader: ModelLoader, folder: Path, qtbot: QtBot) -> None:
    with qtbot.waitSignal(loader.remarked, timeout=20_000) as told:
        loader.load(parse_source("net.py:Net"), {"notes": []}, lambda _: None)
    assert told.args == [Notice("The model has no parameters.")]


def test_a_long_list_of_imports_is_told_in_the_details() -> None:
    found = Inspection(Inventory((ModuleInfo("", "Net"),), ()), imports=("torch.nn.Linear",) * 12)
    notice = opened_notice(found)
    assert notice.text == "Names and shapes were read; nothing in the file was run."
    assert "would import torch.nn.Linear, " in notice.details


def test_a_checkpoint_is_read_without_torch(loader: ModelLoader, folder: Path, qtbot: QtBot) -> None:
    header = b'{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'
    (folder / "weights.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + bytes(8))
    given: list[Inventory] = []
    with qtbot.waitSignal(loader.ended, timeout=20_000):
        loader.load(parse_source("weights.safetensors"), {}, given.append)
    qtbot.waitUntil(lambda: len(given) == 1)
    assert [parameter.name for parameter in given[0].parameters] == ["w"]
