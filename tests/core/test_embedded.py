"""An exported file holds its design: read without running it, as it was written, and told when it was edited."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zlib
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import pytest
from export_cases import CASES, exportable_designs
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from strategies import ruled_designs

from lrdesigner import edits
from lrdesigner.cli.commands import run
from lrdesigner.demos import demo_design
from lrdesigner.design_file import decode, encode, load, save
from lrdesigner.document import Design
from lrdesigner.embedded import LARGEST, code_in, embedded_design, with_design
from lrdesigner.errors import UserError
from lrdesigner.export import TARGETS, ExportOptions, export
from lrdesigner.inventory import ParameterInfo


def design_in(text: str) -> Design:
    held = embedded_design(text, "rates.py")
    assert held is not None
    return decode(held.design, "rates.py")


@settings(max_examples=30, deadline=None)
@given(st.one_of(exportable_designs(), ruled_designs()), st.sampled_from(["script", "snippet"]))
def test_the_design_in_the_file_is_the_design(design: Design, form: str) -> None:
    text = export(design, ExportOptions(form=form))  # type: ignore[arg-type]
    assert design_in(text) == decode(encode(design), "design")
    assert export(design_in(text), ExportOptions(form=form)) == text  # type: ignore[arg-type]
    assert embedded_design(text, "rates.py").edited is False  # type: ignore[union-attr]
    compile(text, "rates.py", "exec")


@pytest.mark.parametrize("target", TARGETS)
def test_code_that_was_edited_is_told_and_its_design_still_opens(target: str) -> None:
    text = export(demo_design(), ExportOptions(target))
    for changed in (text.replace("TOTAL_STEPS = 450", "TOTAL_STEPS = 451"), text + "\nprint()\n"):
        held = embedded_design(changed, "rates.py")
        assert held is not None
        assert held.edited
        assert decode(held.design, "rates.py") == demo_design()
    windows = embedded_design(text.replace("\n", "\r\n"), "rates.py")
    assert windows is not None
    assert not windows.edited


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace('    "eN', '    "eM', 1),
        lambda text: text.replace('DESIGN = (\n    "', 'DESIGN = (\n    "A', 1),
        lambda text: text[:-40],
        lambda text: text[:-40] + '"\n)\n',
        lambda text: text[: text.index("DESIGN = (")],
        lambda text: text.replace("# SHA-256 of the design: ", "# SHA-256 of the design: 0", 1),
    ],
)
def test_data_that_were_changed_or_cut_off_are_refused(tmp_path: Path, change: Callable[[str], str]) -> None:
    (tmp_path / "rates.py").write_text(change(export(demo_design())))
    with pytest.raises(UserError, match=r"^The design in rates\.py was damaged"):
        load(tmp_path / "rates.py")


def test_a_bomb_is_not_unpacked() -> None:
    bomb = with_design("x = 1\n", b"{}").replace("DESIGN = (\n", "DESIGN = (\n")
    packed = b64encode(zlib.compress(bytes(LARGEST + 1), 9)).decode()
    lines = "".join(f'    "{packed[at : at + 80]}"\n' for at in range(0, len(packed), 80))
    head = bomb[: bomb.index("DESIGN = (\n") + len("DESIGN = (\n")]
    with pytest.raises(UserError, match="damaged"):
        embedded_design(f"{head}{lines})\n", "bomb.py")


@pytest.mark.parametrize(
    ("source", "kept", "opened"),
    [
        ("/home/me/net.py:Net", "net.py:Net", "{folder}/net.py:Net"),
        ("C:\\home\\me\\net.py:Net", "net.py:Net", "{folder}/net.py:Net"),
        ("transformers:/home/me/bert", "transformers:bert", "transformers:{folder}/bert"),
        ("/home/me/net.safetensors", "net.safetensors", "{folder}/net.safetensors"),
        ("/home/me/net.pt:model", "net.pt:model", "{folder}/net.pt:model"),
        ("/home/me/shards/", "./shards", "{folder}/shards"),
        ("nets.home:make", "nets.home:make", "nets.home:make"),
        ("timm:resnet18", "timm:resnet18", "timm:resnet18"),
        ("demo:lenet", "demo:lenet", "demo:lenet"),
    ],
)
def test_no_folder_of_the_machine_is_in_the_file_and_the_model_is_looked_for_beside_it(
    tmp_path: Path, source: str, kept: str, opened: str
) -> None:
    model = replace(demo_design().model, source=source, python="/home/me/venv/bin/python")
    text = export(replace(demo_design(), model=model))
    assert not re.search(r"home[\\/]", text)
    assert (design_in(text).model.source, design_in(text).model.python) == (kept, "")
    (tmp_path / "rates.py").write_text(text)
    assert load(tmp_path / "rates.py").model.source == opened.format(folder=tmp_path)


@pytest.mark.parametrize("command", ["verify", "trial"])
def test_code_that_names_a_model_is_no_consent_to_run_that(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "net.py").write_text("raise SystemExit\n")
    model = replace(demo_design().model, source="/elsewhere/net.py:LeNet")
    (tmp_path / "rates.py").write_text(export(replace(demo_design(), model=model)))
    assert run([command, str(tmp_path / "rates.py")]) == 2
    assert f"This design runs the code of {tmp_path / 'net.py'}" in capsys.readouterr().err


def test_a_design_of_a_very_large_model_is_not_put_into_the_code() -> None:
    inventory = demo_design().model.inventory
    many = tuple(ParameterInfo(f"features.0.p{n}", (1,), "float32", 1, True) for n in range(2_000))
    design = replace(
        demo_design(),
        model=replace(demo_design().model, inventory=replace(inventory, parameters=inventory.parameters + many)),
    )
    text = export(design)
    assert "# This file does not hold its design, which is too large for that." in text
    assert embedded_design(text, "rates.py") is None
    compile(text, "rates.py", "exec")


@pytest.mark.parametrize("command", ["show", "curves", "check"])
def test_commands_take_the_file_as_they_take_the_design(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(demo_design(), tmp_path / "net.lrd.json")
    (tmp_path / "rates.py").write_text(export(demo_design()))
    assert run([command, str(tmp_path / "net.lrd.json")]) == 0
    wanted = capsys.readouterr()
    assert run([command, str(tmp_path / "rates.py")]) == 0
    assert capsys.readouterr() == wanted
    # Were it run, there would be no answer.
    (tmp_path / "rates.py").write_text("raise SystemExit\n" + export(demo_design()))
    assert run([command, str(tmp_path / "rates.py")]) == 0
    found = capsys.readouterr()
    assert found.out == wanted.out
    assert found.err == f"rates.py was edited after it was written; the design is as it was then.\n{wanted.err}"


def test_code_is_exported_again_from_code_but_not_over_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rates, other = tmp_path / "rates.py", tmp_path / "other.py"
    rates.write_text(export(demo_design()))
    assert run(["export", str(rates), "-o", str(other)]) == 0
    assert other.read_text() == rates.read_text()
    assert run(["export", str(rates), "-o", str(rates)]) == 2
    assert "write the code to another file" in capsys.readouterr().err


def test_code_without_a_design_is_refused_in_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "net.py").write_text("x = 1\n")
    assert run(["show", str(tmp_path / "net.py")]) == 2
    assert "is no design, nor code that LR Designer has written" in capsys.readouterr().err


def test_the_file_is_the_same_in_every_process(tmp_path: Path) -> None:
    save(edits.set_optimizer(CASES["thaw"], 2, "SGD"), tmp_path / "net.lrd.json")
    texts = set()
    for seed in ("1", "2"):
        command = [sys.executable, "-m", "lrdesigner", "export", "net.lrd.json", "-o", f"rates{seed}.py"]
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        assert subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=False).returncode == 0
        texts.add((tmp_path / f"rates{seed}.py").read_bytes())
    assert len(texts) == 1


def test_the_code_alone_is_what_stands_above_the_design() -> None:
    text = export(demo_design())
    assert text.startswith(code_in(text))
    assert "DESIGN" not in code_in(text)
    assert code_in(text).endswith("    main()\n")
