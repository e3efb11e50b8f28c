"""Following the results of a sweep: bounded work at every look, and what is no result does no harm."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lrdesigner.child.run_files import RunFile
from lrdesigner.demos import demo_design
from lrdesigner.errors import UserError
from lrdesigner.trials import follower as module
from lrdesigner.trials.follower import RunHeader, SweepFollower, holds_sweep, read_results
from lrdesigner.trials.options import TrialOptions
from lrdesigner.trials.sweep_designs import design_of_run
from lrdesigner.trials.sweep_watch import FoundDesign, SweepView, SweepWatch
from lrdesigner.trials.variants import run_of, varied

STEP = b'{"kind":"metrics","step":%d,"loss":1.0,"lr":{}}'


def _write(folder: Path, run: str, steps: int) -> RunFile:
    file = RunFile(str(folder), run)
    file.begin({"id": run, "label": run, "seed": 0})
    for step in range(steps):
        file.add_line(STEP % step)
    return file


def test_a_look_takes_a_piece_of_each_file_until_it_has_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PIECE", 1000)
    for run in "abc":
        _write(tmp_path, run, 100).end("finished", "", {})
    follower = SweepFollower(tmp_path)
    assert follower.look(most=1) == ("a",)
    assert follower.behind
    assert 0 < len(follower.runs["a"].steps) < 100
    assert follower.look(most=1) == ("b",)
    while follower.look(most=1500):
        pass
    assert not follower.behind
    assert {len(run.steps) for run in follower.runs.values()} == {100}
    assert {run.state for run in follower.runs.values()} == {"finished"}


def test_a_run_that_has_ended_and_is_begun_anew_is_read_anew(tmp_path: Path) -> None:
    _write(tmp_path, "a", 3).end("stopped", "", {})
    follower = SweepFollower(tmp_path)
    follower.look()
    assert follower.runs["a"].state == "stopped"
    _write(tmp_path, "a", 1).close()
    assert follower.look() == ("a",)
    assert (follower.runs["a"].state, len(follower.runs["a"].steps)) == ("running", 1)


def test_a_line_without_end_is_told_and_passed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PIECE", 1000)
    monkeypatch.setattr(module, "MOST_READ", 4000)
    file = _write(tmp_path, "a", 0)
    file.add_line(b"x" * 9000)
    file.end("finished", "", {})
    [result] = read_results(tmp_path)
    assert result.state == "finished"
    follower = SweepFollower(tmp_path)
    while follower.look():
        pass
    assert follower.runs["a"].fault == "Line 2 of a.jsonl is too long to be read."


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes have names elsewhere")
def test_a_pipe_among_the_results_is_not_waited_for(tmp_path: Path) -> None:
    _write(tmp_path, "a", 1).close()
    os.mkfifo(tmp_path / "results" / "b.jsonl")
    assert SweepFollower(tmp_path).look() == ("a",)


def test_a_folder_is_a_sweeps_by_what_is_in_it(tmp_path: Path) -> None:
    assert not holds_sweep(tmp_path / "missing")
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "other.jsonl").write_text('{"task": 1}\n')
    assert not holds_sweep(tmp_path)
    _write(tmp_path, "a", 0).close()
    assert holds_sweep(tmp_path)


def test_changes_give_a_design_only_where_the_id_says_that_it_was_run(tmp_path: Path) -> None:
    design = demo_design()
    variant = varied(design, {"*.lr": "2"})
    run = run_of(variant, TrialOptions(steps=2))
    header = RunHeader(run.id, variant.label, {"*.lr": "2"}, 0, {"steps": 2})
    assert design_of_run(tmp_path, header, design) == variant.design
    with pytest.raises(UserError, match="do not say which exported file"):
        design_of_run(tmp_path, header, variant.design)


@pytest.mark.parametrize("export", ["/etc/passwd", "../../secret.py", ""])
def test_an_exported_file_outside_of_the_folder_is_not_read(tmp_path: Path, export: str) -> None:
    header = RunHeader("id", "a", {}, 0, {}, export)
    with pytest.raises(UserError, match="do not say which exported file"):
        design_of_run(tmp_path, header, demo_design())


def test_a_watch_that_nobody_holds_ends(tmp_path: Path) -> None:
    _write(tmp_path, "a", 0).close()
    watch = SweepWatch(tmp_path, interval=0.01)
    thread = watch._thread
    del watch
    thread.join(20)
    assert not thread.is_alive()


@pytest.mark.parametrize(("name", "reason"), [("", "holds no results of a sweep"), ("gone", "No such file")])
def test_a_folder_that_is_not_followed_is_told_with_the_reason(tmp_path: Path, name: str, reason: str) -> None:
    watch = SweepWatch(tmp_path / name)
    assert watch.wait(20)
    [view] = watch.news()
    assert isinstance(view, SweepView)
    assert view.foreign
    assert reason in view.trouble


@pytest.mark.parametrize("number", ["1e400", "1" + "0" * 30, "1" + "0" * 400, '"x"', "null", "[1]", "true"])
def test_no_figure_in_a_file_ends_the_watch(tmp_path: Path, number: str) -> None:
    file = _write(tmp_path, "a", 1)
    file.add_line(f'{{"kind":"metrics","step":{number},"loss":{number},"lr":{{}}}}'.encode())
    file.add_line(f'{{"kind":"outcome","state":"finished","metrics":{{"steps":{number},"final_loss":1}}}}'.encode())
    _write(tmp_path, "b", 1).end("finished", "", {"steps": 1, "final_loss": 2.0})
    watch = SweepWatch(tmp_path, interval=0.01)
    views: list[SweepView] = []
    while not any(view.begun == 2 for view in views):
        views += [one for one in watch.news() if isinstance(one, SweepView)]
        assert not watch.wait(0)
    assert {row.label for row in views[-1].table.rows} == {"a", "b"}
    watch.close()
    assert watch.wait(20)


def test_a_variant_that_has_no_results_has_no_design(tmp_path: Path) -> None:
    _write(tmp_path, "a", 0).close()
    watch = SweepWatch(tmp_path, interval=0.01)
    watch.ask("b", demo_design())
    news: list[SweepView | FoundDesign] = []
    while not any(isinstance(one, FoundDesign) for one in news):
        news += watch.news()
    watch.close()
    [found] = [one for one in news if isinstance(one, FoundDesign)]
    assert found.design is None
    assert found.reason == "There are no results of b any more."
    assert watch.wait(20)
