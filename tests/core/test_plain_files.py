"""Names that lead to pipes, devices and folders are told at once: nothing waits, nothing reads without end."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from lrdesigner.design_file import load, load_with_faults
from lrdesigner.errors import UserError
from lrdesigner.models.source import classes_and_functions, parse_source
from lrdesigner.models.trust import content_hash
from lrdesigner.plain_files import open_plain, read_plain
from lrdesigner.readers import ReadError, read_model

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes and devices of Unix")

KINDS: dict[str, Callable[[Path], object]] = {
    "pipe": os.mkfifo,
    "device": lambda path: path.symlink_to("/dev/zero"),
    "folder": os.mkdir,
}


@pytest.fixture(params=KINDS)
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], Path]:
    def made(name: str) -> Path:
        KINDS[request.param](tmp_path / name)
        return tmp_path / name

    return made


def test_they_are_no_design(make: Callable[[str], Path]) -> None:
    file = make("x.lrd.json")
    for read in (load, load_with_faults):
        with pytest.raises(UserError, match="cannot be read"):
            read(file)


@pytest.mark.parametrize("source", ["net.py:Net", "net.py", "w.pt", "w.safetensors", "transformers:config.json"])
def test_they_are_no_source_of_a_model(make: Callable[[str], Path], source: str) -> None:
    file = make(source.removeprefix("transformers:").partition(":")[0])
    with pytest.raises(UserError):
        parse_source(source, file.parent)


def test_their_content_is_not_known(make: Callable[[str], Path]) -> None:
    file = make("net.py")
    assert content_hash(file) is None
    assert classes_and_functions(file) == ()


@pytest.mark.parametrize("name", ["w.pt", "w.safetensors", "w.index.json", ".metadata"])
def test_readers_refuse_them(make: Callable[[str], Path], name: str) -> None:
    file = make(name)
    with pytest.raises(ReadError):
        read_model(str(file))
    with pytest.raises(ReadError):
        read_model(str(file.parent))


def test_a_file_above_the_limit_is_refused_unread(tmp_path: Path) -> None:
    file = tmp_path / "big"
    with file.open("wb") as stream:
        stream.truncate(1 << 40)
    with pytest.raises(OSError, match="larger than 1 MiB"):
        read_plain(file, 1 << 20)
    file.write_bytes(b"small")
    assert read_plain(file, 5) == b"small"
    with open_plain(file) as stream:
        assert stream.read() == b"small"


def test_a_broken_link_is_not_offered_as_what_was_meant(tmp_path: Path) -> None:
    (tmp_path / "weights.pt").symlink_to(tmp_path / "nowhere")
    with pytest.raises(UserError, match=r"There is no file \S*weights\.pt; check"):
        parse_source("weights.pt", tmp_path)
