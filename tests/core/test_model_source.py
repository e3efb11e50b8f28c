from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrdesigner.errors import UserError
from lrdesigner.models.arguments import parse_kwargs
from lrdesigner.models.source import (
    DEMOS,
    classes_and_functions,
    parse_source,
    with_absolute_file,
    with_relative_file,
)

NET = """
import dataclasses
from torch import nn
def _hidden(): ...
@dataclasses.dataclass
class Options: ...
def make(depth=3): ...
class Net(nn.Module):
    pattern = "\\d"
class Other(Module): ...
raise SystemExit("the file was run")
"""


@pytest.fixture
def net(tmp_path: Path) -> Path:
    file = tmp_path / "net.py"
    file.write_text(NET)
    return file


def test_a_file_and_a_name_are_split_at_the_last_colon(net: Path) -> None:
    source = parse_source(f"  {net}:Net ")
    assert (source.file, source.name, source.is_demo) == (net, "Net", False)
    assert source.text == source.child_source == f"{net}:Net"


def test_a_relative_file_starts_at_the_folder_given_and_is_typed_the_same_again(net: Path) -> None:
    source = parse_source("./net.py:inner.Net", net.parent)
    assert source.file == net
    assert source.file.is_absolute()
    assert source.text == "./net.py:inner.Net"
    assert source.child_source == f"{net}:inner.Net"


def test_a_relative_file_starts_at_the_working_folder_without_one(net: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(net.parent)
    assert parse_source("net.py:Net").file == net


def test_a_colon_inside_the_path_stays_with_the_file(tmp_path: Path) -> None:
    file = tmp_path / "a:b.py"
    file.write_text("class C: ...")
    assert parse_source(f"{file}:C").file == file


def test_a_drive_letter_stays_with_its_file() -> None:
    with pytest.raises(UserError, match=r"no file .*C:.models.net\.py"):
        parse_source(r"C:\models\net.py:Net")


@pytest.mark.parametrize("name", sorted(DEMOS))
def test_every_demo_has_its_file_and_class(name: str) -> None:
    source = parse_source(f"demo:{name}")
    assert source.is_demo
    assert source.file is not None
    assert source.name in classes_and_functions(source.file)
    assert source.text == f"demo:{name}"
    assert source.child_source.endswith(f".py:{source.name}")


def test_an_unknown_demo_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UserError, match=r"'demo:resnet'.*demo:lenet"):
        parse_source("demo:resnet")


def test_a_missing_name_is_answered_with_the_classes_and_functions_of_the_file(net: Path) -> None:
    with pytest.raises(UserError, match=r"write .*net\.py:NAME, for example Net, Other, make, Options\.$"):
        parse_source(str(net))


@pytest.mark.parametrize("name", ["", " ", "1st", "a b", "class", "Net.", "Net()", "a.class"])
def test_what_is_not_a_name_is_refused_with_a_suggestion(net: Path, name: str) -> None:
    with pytest.raises(UserError, match="for example Net"):
        parse_source(f"{net}:{name}")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "No model is named"),
        ("resnet18", "not a model source"),
        ("tim:resnet-18", "did you mean timm"),
        ("timm:", "not the name of a model of timm"),
        ("timm:hf-hub:a/b", "not the name of a model of timm"),
        ("torchvision:../x", "not the name of a model of torchvision"),
        ("transformers:", "write transformers:FOLDER"),
        ("transformers:nowhere", "models are not fetched"),
        ("transformers:empty", r"has no config\.json"),
        ("net.pt", r"no file .*net\.pt"),
        ("net.safetensors:ema", r"no file .*net\.safetensors;"),
        ("weights.pht", "not a model source"),
        ("empty", "folder without a checkpoint"),
        ("other.json", r"write transformers:other\.json"),
        ("nett.py:Net", r"did you mean net\.py"),
        ("folder.py:Net", "is a folder"),
        ("nul\0.py:Net", "null"),
    ],
)
def test_other_input_is_refused_in_one_sentence(net: Path, text: str, told: str) -> None:
    (net.parent / "folder.py").mkdir()
    (net.parent / "empty").mkdir()
    (net.parent / "other.json").write_text("{}")
    with pytest.raises(UserError, match=told) as caught:
        parse_source(text, net.parent)
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith(".")


def test_a_folder_is_told_as_such(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is a folder"):
        parse_source(str(tmp_path))


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_may_not_be_read_is_told_as_such(net: Path) -> None:
    net.chmod(0)
    with pytest.raises(UserError, match="Permission denied"):
        parse_source(f"{net}:Net")


@pytest.mark.parametrize("content", [b"def f(:", b"\xff\xfe", b"a\0b", b"(" * 5000, b""])
def test_a_file_that_is_not_python_offers_no_names(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "broken.py"
    file.write_bytes(content)
    assert classes_and_functions(file) == ()
    assert parse_source(f"{file}:Net").name == "Net"


READ = ("model.safetensors", "model.pt:ema.model", "model.safetensors.index.json", "sharded", "distributed:optimizer")


@pytest.fixture
def checkpoints(tmp_path: Path) -> Path:
    for name in ("model.safetensors", "model.pt", "model.safetensors.index.json", "sharded/a.safetensors"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "distributed").mkdir()
    (tmp_path / "distributed" / ".metadata").write_text("")
    (tmp_path / "config.json").write_text("{}")
    return tmp_path


@pytest.mark.parametrize("text", READ)
def test_checkpoints_are_read_and_run_nothing(checkpoints: Path, text: str) -> None:
    source = parse_source(text, checkpoints)
    path, _, part = text.partition(":")
    assert (source.is_read, source.file, source.name, source.runs) == (True, checkpoints / path, part, "")
    assert source.watched == (checkpoints / path,)


@pytest.mark.parametrize("text", ["timm:vit_base_patch16_224.augreg_in21k", "torchvision:resnet50"])
def test_models_of_libraries_have_no_file_and_need_no_question(text: str) -> None:
    source = parse_source(text)
    assert (source.child_source, source.file, source.runs, source.is_read) == (text, None, "", False)


@pytest.mark.parametrize("text", ["transformers:.", "transformers:config.json"])
def test_a_configuration_is_its_json_file(checkpoints: Path, text: str) -> None:
    source = parse_source(text, checkpoints)
    assert source.child_source == f"transformers:{checkpoints / 'config.json'}"
    assert source.stored == f"transformers:{checkpoints / text.removeprefix('transformers:')}".rstrip("/.")


def test_an_importable_factory_is_told_from_a_file() -> None:
    source = parse_source("package.nets:make.small")
    assert (source.name, source.file, source.runs) == ("make.small", None, "package.nets:make.small")


@pytest.mark.parametrize("text", [*READ, "net.py:Net", "transformers:config.json", "timm:a", "demo:lenet", "a.b:c"])
def test_a_source_in_a_design_file_is_found_again_from_its_folder(checkpoints: Path, text: str) -> None:
    (checkpoints / "net.py").write_text("")
    stored = parse_source(text, checkpoints).stored
    in_file = with_relative_file(stored, checkpoints)
    assert str(checkpoints) not in in_file
    assert with_absolute_file(in_file, checkpoints) == stored


@given(st.text(max_size=40))
def test_any_text_gives_a_source_or_a_user_error(text: str) -> None:
    told = None
    try:
        source = parse_source(text, Path("/nowhere"))
    except UserError as error:
        told = str(error)
    assert told.endswith(".") if told is not None else source.file is None or source.is_demo


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"a": 1e999}', "1e999 is larger than any number"),
        ('{"a": NaN}', "NaN, which JSON does not know"),
        ('{"a": "\\ud800"}', "not valid Unicode"),
        (f'{{"a": {"9" * 5000}}}', "more than 64 bits"),
        ('{"a": 18446744073709551616}', "more than 64 bits"),
        ('{"a": ' + "[" * 5000 + "]" * 5000 + "}", "nested too deeply"),
    ],
)
def test_arguments_that_could_not_be_sent_or_stored_are_refused(text: str, told: str) -> None:
    with pytest.raises(UserError, match=told):
        parse_kwargs(text)


def test_a_file_whose_name_is_no_unicode_is_refused(tmp_path: Path) -> None:
    (tmp_path / "n\udcff.py").write_text("")
    with pytest.raises(UserError, match="not valid Unicode"):
        parse_source("n\udcff.py:Net", tmp_path)
