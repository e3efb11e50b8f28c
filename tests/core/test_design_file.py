"""Design files: what is read is what was written, whole or not at all, and faults are told with their place."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from msgspec.structs import replace
from strategies import designs

import lrdesigner
from lrdesigner import design_file, edits
from lrdesigner.demos import demo_design
from lrdesigner.design_file import decode, encode, load, save
from lrdesigner.document import Design, Model
from lrdesigner.errors import UserError

Raw = dict[str, Any]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "net.lrd.json"


def changed(design: Design, change: Callable[[Raw], object]) -> bytes:
    raw = json.loads(encode(design))
    change(raw)
    return json.dumps(raw).encode()


def fault(text: bytes) -> str:
    with pytest.raises(UserError) as caught:
        decode(text, "net.lrd.json")
    assert str(caught.value).startswith("net.lrd.json")
    assert "\n" not in str(caught.value)
    return str(caught.value)


@settings(max_examples=50, deadline=None)
@given(designs())
def test_what_is_read_is_what_was_written(design: Design) -> None:
    text = encode(design)
    assert decode(text, "file") == design
    assert encode(decode(text, "file")) == text


def test_kwargs_of_any_json_kind_come_back(file: Path, design: Design) -> None:
    kwargs = {"depth": 12, "name": 'é"\\\n', "p": 0.1, "flags": [True, None, {"a": [-1, 2**63]}]}
    design = replace(design, model=replace(design.model, kwargs=kwargs))
    save(design, file)
    assert load(file) == design
    assert lrdesigner.load(file) == design


def test_a_design_file_compares_line_by_line(design: Design) -> None:
    before, after = (encode(d).splitlines() for d in (design, edits.set_base_lr(design, 1, 0.5)))
    assert len(before) == len(after)
    assert [line.strip() for old, line in zip(before, after, strict=True) if old != line] == [b'"base": 0.5,']


def test_a_byte_order_mark_of_an_editor_is_no_fault(design: Design) -> None:
    assert decode(b"\xef\xbb\xbf" + encode(design), "file") == design


def failing(*_: object) -> None:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("function", ["fsync", "replace", "chmod"])
def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    file: Path, design: Design, monkeypatch: pytest.MonkeyPatch, function: str
) -> None:
    save(design, file)
    old = file.read_bytes()
    monkeypatch.setattr(design_file.os, function, failing)
    with pytest.raises(UserError, match=r"net\.lrd\.json cannot be written: No space left"):
        save(edits.set_base_lr(design, 1, 0.5), file)
    assert file.read_bytes() == old
    assert os.listdir(file.parent) == [file.name]


def test_a_write_that_is_interrupted_leaves_the_old_file_and_nothing_else(
    file: Path, design: Design, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    save(design, file)
    old = file.read_bytes()
    monkeypatch.setattr(design_file.os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save(edits.set_base_lr(design, 1, 0.5), file)
    assert (file.read_bytes(), os.listdir(file.parent)) == (old, [file.name])


@pytest.mark.parametrize("place", ["missing/net.lrd.json", "folder", f"{'x' * 300}.lrd.json"])
def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, design: Design, place: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(UserError, match=place[:50]):
        save(design, tmp_path / place)
    assert os.listdir(tmp_path) == ["folder"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="an administrator may write everywhere")
def test_a_read_only_folder_is_told(file: Path, design: Design) -> None:
    file.parent.chmod(0o500)
    try:
        with pytest.raises(UserError, match="Permission denied"):
            save(design, file)
    finally:
        file.parent.chmod(0o700)


def test_permissions_and_links_stay(file: Path, design: Design) -> None:
    save(design, file)
    file.chmod(0o640)
    link = file.with_name("link.lrd.json")
    link.symlink_to(file)
    save(edits.set_base_lr(design, 1, 0.5), link)
    assert link.is_symlink()
    assert file.stat().st_mode & 0o777 == 0o640
    assert load(file).group(1).lr.base == 0.5


def test_the_models_file_moves_with_the_design(tmp_path: Path, design: Design) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    design = replace(design, model=replace(design.model, source=f"{here / 'models' / 'net.py'}:Net.make"))
    save(design, here / "net.lrd.json")
    assert str(tmp_path) not in (here / "net.lrd.json").read_text()
    assert load(here / "net.lrd.json") == design
    here.rename(there)
    assert load(there / "net.lrd.json").model.source == f"{there / 'models' / 'net.py'}:Net.make"


def test_sources_that_are_no_files_stay_as_they_are(file: Path, design: Design) -> None:
    for source in ("", "demo:lenet"):
        save(replace(design, model=replace(design.model, source=source)), file)
        assert load(file).model.source == source


def test_relative_paths_start_at_the_design_not_at_the_working_folder(
    tmp_path: Path, design: Design, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = f"{tmp_path / 'net.py'}:Net"
    save(replace(design, model=replace(design.model, source=source)), tmp_path / "net.lrd.json")
    monkeypatch.chdir(tmp_path.parent)
    assert load(Path(tmp_path.name) / "net.lrd.json").model.source == source


@pytest.mark.parametrize("place", ["missing.lrd.json", "."])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, place: str) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        load(tmp_path / place)


def test_a_fault_in_the_text_is_told_by_line_and_column() -> None:
    assert "at line 2, column 9" in fault(b'{"format": "lrdesigner design",\n "a": 1 x}')
    assert "at line 1, column 14" in fault('{"größe": "ü"x'.encode() + b"}")


@pytest.mark.parametrize("end", [0, 1, 20, 200, 1000, -3])
def test_a_truncated_file_is_told(design: Design, end: int) -> None:
    assert "is not a design file" in fault(encode(design)[:end])


@pytest.mark.parametrize(
    "text",
    [
        b"[]",
        b"3",
        b"null",
        b"{}",
        b'{"format": "other"}',
        b"\x89PNG\r\n",
        b"PK\x03\x04",
        "{}".encode("utf-16"),
        b"\xff",
    ],
)
def test_other_files_are_told_from_designs(text: bytes) -> None:
    assert "is not a design file" in fault(text)


@pytest.mark.parametrize(
    "text",
    [
        b"[" * 200_000,
        b'{"format": ' * 100_000,
        b'{"format": "lrdesigner design", "version": 1, "design": ' + b"9" * 10_000 + b"}",
        b'{"format": "lrdesigner design", "version": 1, "design": NaN}',
        b'{"format": "lrdesigner design", "version": 1, "design": 1e999}',
        b'{"format": "\\ud800"}',
    ],
    ids=["deep list", "deep object", "huge integer", "nan", "infinite", "surrogate"],
)
def test_hostile_text_is_refused(text: bytes) -> None:
    assert fault(text)


@pytest.mark.parametrize("version", [design_file.VERSION + 1, 10**18])
def test_a_newer_version_is_told(design: Design, version: int) -> None:
    message = fault(changed(design, lambda raw: raw.update(version=version, novelty=1)))
    assert "newer version" in message
    assert str(version) in message


@pytest.mark.parametrize("version", [0, -1, 1.5, "1", None, [1]])
def test_a_version_that_is_none_is_told(design: Design, version: Any) -> None:
    assert 'no usable "version"' in fault(changed(design, lambda raw: raw.update(version=version)))


def sequence_of(depth: int) -> Raw:
    node: Raw = {"shape": "constant"}
    for _ in range(depth):
        node = {"shape": "sequence", "segments": [{"schedule": node}]}
    return node


GROUP: Callable[[Raw], Raw] = lambda raw: raw["design"]["groups"][1]  # noqa: E731
PARAMETERS: Callable[[Raw], Any] = lambda raw: raw["design"]["model"]["inventory"]["parameters"]  # noqa: E731


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda raw: GROUP(raw)["lr"].update(base=-1.0), ("group 'backbone', lr: Base lr must be above 0, not -1.",)),
        (
            lambda raw: GROUP(raw)["lr"].update(base="0.1"),
            ("group 'backbone', lr: Base lr must be a number, not \"0.1\".",),
        ),
        (lambda raw: GROUP(raw)["lr"].update(bsae=0.1), ("group 'backbone', lr:", "bsae", "did you mean base?")),
        (
            lambda raw: GROUP(raw)["options"].update(optimizer="Lion"),
            ("group 'backbone': Options:", 'no optimizer "Lion"', "SGD, Adam, AdamW"),
        ),
        (
            lambda raw: GROUP(raw)["options"].pop("optimizer"),
            ("group 'backbone': Options lacks", "optimizer", "SGD, Adam, AdamW"),
        ),
        (lambda raw: GROUP(raw).update(name="x" * 61), ("Name must be text of 1 to 60 characters",)),
        (lambda raw: GROUP(raw).update(name="everything"), ('Name cannot be "everything"', "another group")),
        (lambda raw: GROUP(raw).update(id=1), ("group 'backbone': Id cannot be 1", "another group")),
        (lambda raw: GROUP(raw).pop("id"), ("group 'backbone'", '"id" is missing')),
        (lambda raw: raw["design"].update(remainder=9), ("Remainder must be the id of a group, not 9",)),
        (lambda raw: raw["design"].update(groups=[]), ("Groups must be a list of at least one group, not []",)),
        (
            lambda raw: raw["design"]["pins"][0].update(group=9),
            ("pin 'features': Group must be the id of a group, not 9",),
        ),
        (lambda raw: raw["design"]["pins"].append({"path": "a", "group": 1}), ("sorted by path",)),
        (lambda raw: raw["design"]["plan"].update(epochs=10**30), ("plan: Epochs must be at most 1e6, not 1000",)),
        (lambda raw: raw["design"]["plan"].update(epochs=1.5), ("plan: Epochs must be a whole number, not 1.5",)),
        (lambda raw: raw["design"]["model"].update(kwargs={"a=1); evil(": 1}), ("argument", "evil")),
        (lambda raw: raw["design"]["model"].update(kwargs={"class": 1}), ("argument", "class")),
        (lambda raw: raw["design"]["model"]["inventory"].update(modules=[]), ("Modules", "the model itself")),
        (lambda raw: PARAMETERS(raw)[1].update(tied_to="ghost"), ("parameter 'features.0.bias': Tied to", "ghost")),
        (
            lambda raw: PARAMETERS(raw).append(PARAMETERS(raw)[0]),
            ("parameter 'features.0.weight'", "another parameter"),
        ),
        (
            lambda raw: GROUP(raw)["lr"].update(schedule=sequence_of(100)),
            ("nested", "group 'backbone', lr, segment 1, segment 1"),
        ),
        (
            lambda raw: GROUP(raw)["lr"].update(schedule={"shape": "expression", "formula": "__import__('os')"}),
            ("group 'backbone', lr: Factor cannot be", "character 1"),
        ),
        (
            lambda raw: GROUP(raw)["lr"].update(schedule={"shape": "linear", "length": {"value": -1, "unit": "steps"}}),
            ("group 'backbone', lr: Over cannot be", "-1", "at least 0"),
        ),
    ],
)
def test_a_fault_is_told_with_its_place_and_what_was_expected(
    design: Design, change: Callable[[Raw], object], words: tuple[str, ...]
) -> None:
    message = fault(changed(design, change))
    assert [word for word in words if word not in message] == []


def test_tied_names_disagree_about_training_only_in_a_broken_file(design: Design) -> None:
    def tie(raw: Raw) -> None:
        PARAMETERS(raw)[2].update(tied_to="features.0.weight", trainable=False)

    assert "one tensor" in fault(changed(design, tie))


def test_an_argument_name_that_is_code_never_gets_into_a_model() -> None:
    with pytest.raises(UserError, match="cannot be the name of an argument"):
        Model("net.py:Net", {"x=print(1), y": 2})


def test_the_demos_file_is_current() -> None:
    assert decode(encode(demo_design()), "demo") == demo_design()
