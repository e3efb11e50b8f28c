from __future__ import annotations

import json
from pathlib import Path

import pytest

from lrdesigner.models.source import ModelSource, parse_source
from lrdesigner.models.trust import MOST_CONTENTS, TrustStore, config_folder


@pytest.fixture
def source(tmp_path: Path) -> ModelSource:
    (tmp_path / "net.py").write_text("class Net: ...")
    return parse_source("net.py:Net", tmp_path)


def test_a_file_that_was_never_asked_about_has_no_answer(source: ModelSource) -> None:
    assert TrustStore().answer(source) is None


@pytest.mark.parametrize("allowed", [True, False])
def test_an_answer_is_found_again_by_another_store(source: ModelSource, allowed: bool) -> None:
    assert TrustStore().remember(source, allowed)
    assert TrustStore().answer(source) is allowed


def test_a_changed_file_is_asked_about_again_and_the_old_content_is_still_known(source: ModelSource) -> None:
    store = TrustStore()
    store.remember(source, True)
    before = source.file.read_bytes()
    source.file.write_text("import os")
    assert store.answer(source) is None
    store.remember(source, False)
    source.file.write_bytes(before)
    assert store.answer(source) is True


def test_the_same_content_elsewhere_is_another_file(source: ModelSource, tmp_path: Path) -> None:
    TrustStore().remember(source, True)
    (tmp_path / "copy.py").write_bytes(source.file.read_bytes())
    assert TrustStore().answer(parse_source("copy.py:Net", tmp_path)) is None


def test_the_last_answer_counts_and_forgetting_removes_it(source: ModelSource) -> None:
    store = TrustStore()
    store.remember(source, True)
    store.remember(source, False)
    assert store.answer(source) is False
    assert store.forget(source)
    assert store.answer(source) is None


def test_demos_are_always_trusted_and_never_stored() -> None:
    demo = parse_source("demo:lenet")
    assert TrustStore().answer(demo) is True
    assert TrustStore().remember(demo, False)
    assert TrustStore().answer(demo) is True
    assert list(config_folder().iterdir()) == []


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"\xff", b'{"version": 2, "answers": {}}', b'{"answers": {"x": 1}}', b"[" * 100_000],
)
def test_a_corrupt_store_counts_as_empty_and_is_replaced(source: ModelSource, content: bytes) -> None:
    file = config_folder() / "trusted_models.json"
    file.write_bytes(content)
    store = TrustStore()
    assert store.answer(source) is None
    assert store.remember(source, True)
    assert store.answer(source) is True
    json.loads(file.read_bytes())


def test_a_store_that_cannot_be_written_is_not_fatal(source: ModelSource, tmp_path: Path) -> None:
    (tmp_path / "occupied").write_text("")
    store = TrustStore(tmp_path / "occupied" / "trusted.json")
    assert store.remember(source, True) is False
    assert store.answer(source) is None


def test_a_file_that_vanished_has_no_answer(source: ModelSource) -> None:
    store = TrustStore()
    source.file.unlink()
    assert store.answer(source) is None
    assert store.remember(source, True) is False


def test_only_the_latest_contents_are_kept(source: ModelSource) -> None:
    store = TrustStore()
    for i in range(MOST_CONTENTS + 5):
        source.file.write_text(f"# {i}")
        store.remember(source, True)
    kept = json.loads((config_folder() / "trusted_models.json").read_bytes())["answers"]
    assert [len(contents) for contents in kept.values()] == [MOST_CONTENTS]
    assert store.answer(source) is True


def test_the_folder_can_be_chosen_by_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LRDESIGNER_CONFIG_DIR", str(tmp_path / "portable"))
    assert config_folder() == tmp_path / "portable"
    monkeypatch.delenv("LRDESIGNER_CONFIG_DIR")
    assert "lrdesigner" in str(config_folder())
