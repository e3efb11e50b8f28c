from __future__ import annotations

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from lrdesigner.document import Design
from lrdesigner.models.source import ModelSource, parse_source
from lrdesigner.models.trust import (
    MOST_CONTENTS,
    Question,
    TrustStore,
    config_folder,
    question_for,
    question_for_source,
)
from lrdesigner.optimizers.custom import CustomOptions


@pytest.fixture
def source(tmp_path: Path) -> ModelSource:
    (tmp_path / "net.py").write_text("class Net: ...")
    return parse_source("net.py:Net", tmp_path)


@pytest.fixture
def question(source: ModelSource) -> Question:
    return question_for_source(source)


def file_of(question: Question) -> Path:
    file = question.things[0].file
    assert file is not None
    return file


def test_a_file_that_was_never_asked_about_has_no_answer(question: Question) -> None:
    assert TrustStore().answer(question) is None


@pytest.mark.parametrize("allowed", [True, False])
def test_an_answer_is_found_again_by_another_store(question: Question, allowed: bool) -> None:
    assert TrustStore().remember(question, allowed)
    assert TrustStore().answer(question) is allowed


def test_a_changed_file_is_asked_about_again_and_the_old_content_is_still_known(question: Question) -> None:
    store = TrustStore()
    store.remember(question, True)
    before = file_of(question).read_bytes()
    file_of(question).write_text("import os")
    assert store.answer(question) is None
    store.remember(question, False)
    file_of(question).write_bytes(before)
    assert store.answer(question) is True


def test_only_what_was_trusted_and_is_another_now_has_changed(question: Question) -> None:
    store = TrustStore()
    assert not store.changed(question)
    store.remember(question, True)
    assert not store.changed(question)
    file_of(question).write_text("import os")
    assert store.changed(question)
    store.remember(question, False)
    assert not store.changed(question)


def test_the_same_content_elsewhere_is_another_file(question: Question, tmp_path: Path) -> None:
    TrustStore().remember(question, True)
    (tmp_path / "copy.py").write_bytes(file_of(question).read_bytes())
    assert TrustStore().answer(question_for_source(parse_source("copy.py:Net", tmp_path))) is None


def test_the_last_answer_counts_and_forgetting_removes_it(question: Question) -> None:
    store = TrustStore()
    store.remember(question, True)
    store.remember(question, False)
    assert store.answer(question) is False
    assert store.forget(question)
    assert store.answer(question) is None


def test_demos_are_always_trusted_and_never_stored() -> None:
    demo = question_for_source(parse_source("demo:lenet"))
    assert not demo.needed
    assert TrustStore().answer(demo) is True
    assert TrustStore().remember(demo, False)
    assert TrustStore().answer(demo) is True
    assert list(config_folder().iterdir()) == []


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"\xff", b'{"version": 2, "answers": {}}', b'{"answers": {"x": 1}}', b"[" * 100_000],
)
def test_a_corrupt_store_counts_as_empty_and_is_replaced(question: Question, content: bytes) -> None:
    file = config_folder() / "trusted_models.json"
    file.write_bytes(content)
    store = TrustStore()
    assert store.answer(question) is None
    assert store.remember(question, True)
    assert store.answer(question) is True
    json.loads(file.read_bytes())


def test_a_store_that_cannot_be_written_is_not_fatal(question: Question, tmp_path: Path) -> None:
    (tmp_path / "occupied").write_text("")
    store = TrustStore(tmp_path / "occupied" / "trusted.json")
    assert store.remember(question, True) is False
    assert store.answer(question) is None


def test_a_file_that_vanished_has_no_answer(question: Question) -> None:
    store = TrustStore()
    file_of(question).unlink()
    assert store.answer(question) is None
    assert store.remember(question, True) is False


def test_only_the_latest_contents_are_kept(question: Question) -> None:
    store = TrustStore()
    for i in range(MOST_CONTENTS + 5):
        file_of(question).write_text(f"# {i}")
        store.remember(question, True)
    kept = json.loads((config_folder() / "trusted_models.json").read_bytes())["answers"]
    assert [len(contents) for contents in kept.values()] == [MOST_CONTENTS]
    assert store.answer(question) is True


def test_the_folder_can_be_chosen_by_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LRDESIGNER_CONFIG_DIR", str(tmp_path / "portable"))
    assert config_folder() == tmp_path / "portable"
    monkeypatch.delenv("LRDESIGNER_CONFIG_DIR")
    assert "lrdesigner" in str(config_folder())


def test_what_is_only_read_and_what_libraries_build_is_not_asked_about(tmp_path: Path) -> None:
    (tmp_path / "m.pt").write_text("")
    (tmp_path / "config.json").write_text("{}")
    for text in ("m.pt", "timm:resnet18", "torchvision:resnet18", f"transformers:{tmp_path}"):
        assert not question_for_source(parse_source(text, tmp_path)).needed


def test_an_answer_holds_for_one_interpreter_whose_program_is_part_of_the_question(
    source: ModelSource, tmp_path: Path
) -> None:
    other = tmp_path / "python"
    other.write_text("#!/bin/sh")
    ours, theirs = question_for_source(source), question_for_source(source, str(other))
    store = TrustStore()
    store.remember(ours, True)
    assert store.answer(theirs) is None
    assert theirs.names == f"{source.file} and {other}"
    store.remember(theirs, True)
    assert store.answer(theirs) is True
    other.write_text("#!/bin/sh\nrm")
    assert store.answer(theirs) is None


def test_another_interpreter_is_asked_about_even_for_a_library(tmp_path: Path) -> None:
    other = tmp_path / "python"
    other.write_text("")
    assert question_for_source(parse_source("timm:resnet18"), str(other)).names == str(other)


def test_an_import_is_asked_about_by_its_name_and_again_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = TrustStore()
    here, there = tmp_path / "here", tmp_path / "there"
    for folder in (here, there):
        (folder / "nets").mkdir(parents=True)
        (folder / "nets" / "small.py").write_text("class Net: ...")
    monkeypatch.chdir(here)
    question = question_for_source(parse_source("nets.small:Net"))
    assert (question.names, question.things[0].file) == ("nets.small:Net", here / "nets" / "small.py")
    store.remember(question, True)
    assert store.answer(question_for_source(parse_source("nets.small:Net"))) is True
    monkeypatch.chdir(there)
    assert store.answer(question_for_source(parse_source("nets.small:Net"))) is None
    monkeypatch.chdir(here)
    (here / "nets" / "small.py").write_text("import os")
    assert store.answer(question_for_source(parse_source("nets.small:Net"))) is None


def test_one_refusal_refuses_all(source: ModelSource, tmp_path: Path) -> None:
    (tmp_path / "python").write_text("")
    both = question_for_source(source, str(tmp_path / "python"))
    TrustStore().remember(both, True)
    TrustStore().remember(Question(both.things[:1], both.python), False)
    assert TrustStore().answer(both) is False


def test_a_design_asks_about_its_model_its_interpreter_and_optimizers_by_import_path(
    design: Design, source: ModelSource, tmp_path: Path
) -> None:
    python = str(tmp_path / "python")
    model = replace(design.model, source=source.stored, python=python)
    groups = tuple(replace(group, options=CustomOptions(path="lion.Lion")) for group in design.groups)
    question = question_for(replace(design, model=model, groups=groups))
    assert [thing.name for thing in question.things] == [str(source.file), python, "lion.Lion"]
    assert not question_for(design).needed
    assert question_for(replace(design, groups=groups)).names == "lion.Lion"
