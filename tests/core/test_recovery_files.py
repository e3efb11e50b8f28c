"""Copies of unsaved designs: whole or not there, owned by one process, taken over by one when that is gone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lrdesigner import edits
from lrdesigner.document import Design
from lrdesigner.errors import UserError
from lrdesigner.process_identity import UNKNOWN_START, process_lives, process_start
from lrdesigner.recovery_files import (
    SLICE,
    Kept,
    RecoveryFolder,
    Writing,
    content_of,
    head_of,
    read_copy,
    set_aside,
)

KEPT = Kept("/designs/vit.lrd.json", "vit", 1_700_000_000.0)


def written(file: Path, design: Design, kept: Kept = KEPT) -> Path:
    writing = Writing(file, content_of(design, kept))
    while not writing.advance():
        pass
    return file


@pytest.fixture
def dead_pid() -> int:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    return ended.pid


def test_a_copy_gives_back_the_design_and_what_was_told_about_it(tmp_path: Path, design: Design) -> None:
    file = written(RecoveryFolder(tmp_path / "recovery").new_file(), design)
    kept, opened = read_copy(file)
    assert (kept, opened.design, opened.faults) == (KEPT, design, ())
    assert head_of(file) == KEPT


def test_a_copy_is_for_its_owner_only_and_leaves_no_other_file(tmp_path: Path, design: Design) -> None:
    file = written(RecoveryFolder(tmp_path).new_file(), design)
    assert file.stat().st_mode & 0o777 == 0o600
    assert os.listdir(tmp_path) == [file.name]


def test_the_old_copy_stays_until_the_new_one_is_whole(tmp_path: Path, design: Design) -> None:
    file = written(RecoveryFolder(tmp_path).new_file(), design)
    old = file.read_bytes()
    writing = Writing(file, b"x" * (2 * SLICE + 1))
    assert [writing.advance(), file.read_bytes() == old] == [False, True]
    assert [writing.advance(), file.read_bytes() == old] == [False, True]
    assert writing.advance()
    assert file.stat().st_size == 2 * SLICE + 1


def test_a_copy_given_up_leaves_the_old_one(tmp_path: Path, design: Design) -> None:
    file = written(RecoveryFolder(tmp_path).new_file(), design)
    old = file.read_bytes()
    writing = Writing(file, b"x" * (2 * SLICE))
    writing.advance()
    writing.give_up()
    assert file.read_bytes() == old
    assert os.listdir(tmp_path) == [file.name]


def test_a_disk_that_refuses_is_told(tmp_path: Path) -> None:
    (tmp_path / "recovery").write_text("a file where the folder should be")
    with pytest.raises(UserError, match="cannot be written"):
        Writing(RecoveryFolder(tmp_path / "recovery").new_file(), b"x").advance()


def test_copies_of_a_process_that_lives_are_not_leftovers(tmp_path: Path, design: Design) -> None:
    mine = RecoveryFolder(tmp_path)
    file = written(mine.new_file(), design)
    assert mine.claim() == []
    assert file.exists()


def test_leftovers_become_the_claimers_own_oldest_first(tmp_path: Path, design: Design, dead_pid: int) -> None:
    gone = RecoveryFolder(tmp_path, dead_pid)
    for title, age in (("new", 10), ("old", 50), ("middle", 30)):
        file = written(gone.new_file(), design, Kept(title=title))
        os.utime(file, (1_700_000_000 - age, 1_700_000_000 - age))
    claimed = RecoveryFolder(tmp_path).claim()
    assert [head_of(file).title for file in claimed] == ["old", "middle", "new"]
    assert all(file.name.startswith(f"{os.getpid()}-") for file in claimed)
    assert RecoveryFolder(tmp_path).claim() == []


def test_a_leftover_that_another_process_takes_first_is_not_ours(
    tmp_path: Path, design: Design, dead_pid: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(RecoveryFolder(tmp_path, dead_pid).new_file(), design)
    quicker, rename = RecoveryFolder(tmp_path, os.getppid()), Path.rename
    taken: list[Path] = []

    def late(file: Path, target: Path) -> Path:
        monkeypatch.setattr(Path, "rename", rename)
        taken.extend(quicker.claim())
        return rename(file, target)

    monkeypatch.setattr(Path, "rename", late)
    assert RecoveryFolder(tmp_path).claim() == []
    assert [head_of(file) for file in taken] == [KEPT]


def test_a_number_that_a_later_process_has_got_is_not_the_owner(tmp_path: Path, design: Design) -> None:
    if process_start(os.getpid()) == UNKNOWN_START:
        pytest.skip("only Linux tells when a process started")
    earlier = tmp_path / f"{os.getpid()}-1-abcd.recovery"
    written(earlier, design)
    assert len(RecoveryFolder(tmp_path).claim()) == 1


def test_half_written_copies_of_the_dead_are_removed_and_other_files_are_not_touched(
    tmp_path: Path, dead_pid: int
) -> None:
    half = RecoveryFolder(tmp_path, dead_pid).new_file().with_suffix(".part")
    half.write_bytes(b"{")
    for name in ("notes.txt", "1-2-zz.recovery", f"{dead_pid}-0-ab.damaged"):
        (tmp_path / name).touch()
    assert RecoveryFolder(tmp_path).claim() == []
    assert sorted(os.listdir(tmp_path)) == sorted(["notes.txt", "1-2-zz.recovery", f"{dead_pid}-0-ab.damaged"])


def test_no_folder_holds_no_leftovers(tmp_path: Path) -> None:
    assert RecoveryFolder(tmp_path / "none").claim() == []


@pytest.mark.parametrize("content", [b"", b"\x00" * 100, b"{}\n", b'{"format":"other","kept":{}}\n', b"[" * 5000])
def test_a_damaged_copy_is_told_and_set_aside(tmp_path: Path, content: bytes) -> None:
    file = RecoveryFolder(tmp_path).new_file()
    file.write_bytes(content)
    for read in (head_of, read_copy):
        with pytest.raises(UserError):
            read(file)
    aside = set_aside(file)
    assert aside.read_bytes() == content
    assert (aside.suffix, file.exists()) == (".damaged", False)


def test_a_design_that_was_cut_short_is_told(tmp_path: Path, design: Design) -> None:
    file = written(RecoveryFolder(tmp_path).new_file(), design)
    file.write_bytes(file.read_bytes()[:-20])
    assert head_of(file) == KEPT
    with pytest.raises(UserError, match="not a design file"):
        read_copy(file)


def test_a_missing_copy_is_told_and_cannot_be_set_aside(tmp_path: Path) -> None:
    file = tmp_path / "1-2-ab.recovery"
    for read in (head_of, read_copy):
        with pytest.raises(UserError, match="cannot be read"):
            read(file)
    assert set_aside(file) == file


def test_a_copy_keeps_the_groups_that_were_added(tmp_path: Path, design: Design) -> None:
    changed = edits.add_group(design, "head", ["classifier"])
    _, opened = read_copy(written(RecoveryFolder(tmp_path).new_file(), changed))
    assert [group.name for group in opened.design.groups] == [group.name for group in changed.groups]


def test_processes_are_known_by_number_and_start(dead_pid: int) -> None:
    me = os.getpid()
    assert process_lives(me, process_start(me))
    assert process_lives(me)
    assert not process_lives(dead_pid)
    assert not process_lives(0)
    assert not process_lives(-1)
    assert process_start(dead_pid) == UNKNOWN_START
    if process_start(me) != UNKNOWN_START:
        assert not process_lives(me, "1")


def test_a_process_that_was_killed_is_gone_before_its_parent_asks_for_it() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    started = process_start(child.pid)
    if started == UNKNOWN_START:
        pytest.skip("only Linux tells the state of a process")
    assert process_lives(child.pid, started)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert not process_lives(child.pid, started)
    child.communicate()
