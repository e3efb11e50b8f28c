"""Range tests: what the child does to the rates, what follows from the losses, and that the design stays as it is."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from export_cases import demo_with
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from recorder import Recorder

from lrdesigner.child.range_test_job import multiplier_of
from lrdesigner.cli.commands import run
from lrdesigner.demos import demo_design
from lrdesigner.design_file import load, save
from lrdesigner.document import Design, Follow, Freeze, Plan, Track
from lrdesigner.errors import UserError
from lrdesigner.export import export
from lrdesigner.jobs.protocol import CriticalRate, RangePoint, encode_request
from lrdesigner.jobs.reader import Outcome
from lrdesigner.proof import range_test_request
from lrdesigner.schedules import REST, Cosine, Length, Linear, Segment, Sequence
from lrdesigner.trials.options import NOT_OF_RANGE_TESTS, RangeOptions, TrialOptions
from lrdesigner.trials.range_result import range_curves, suggestion
from lrdesigner.trials.rate_scaling import full_rate_step, use_multiplier

OPTIONS = TrialOptions(device="cpu", data="synthetic", batch_size=8)


def ranged(design: Design, folder: Path, wanted: RangeOptions) -> tuple[str, dict[str, Any], Recorder]:
    from lrdesigner.child.range_test_job import range_test

    (folder / "exported.py").write_text(export(design))
    channel = Recorder()
    request = json.loads(encode_request(range_test_request(design, folder / "exported.py", wanted, OPTIONS)))
    reason, metrics = range_test(request, channel)
    return reason, metrics, channel


def short(design: Design) -> Design:
    return replace(design, plan=Plan(20, 1))


@pytest.mark.torch
def test_each_seed_begins_anew_and_its_multiplier_grows_evenly(tmp_path: Path) -> None:
    reason, metrics, channel = ranged(short(demo_design()), tmp_path, RangeOptions(0.01, 1.0, 10, 2))
    points = [report for report in channel.reports if isinstance(report, RangePoint)]
    assert (reason, metrics["points"], metrics["ended_at"]) == ("finished", 20, [None, None])
    for seed in range(2):
        own = [point for point in points if point.seed == seed]
        assert [point.update for point in own] == list(range(10))
        assert np.diff(np.log([p.multiplier for p in own])) == pytest.approx([math.log(100) / 9] * 9)
    assert points[0].loss != points[10].loss  # other weights


@pytest.mark.torch
def test_one_group_grows_and_the_others_keep_the_planned_rates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from lrdesigner.child.training import Training

    used: list[dict[str, float]] = []
    update = Training.update

    def noted(self: Training, scale: Any = None) -> Any:
        found = update(self, scale)
        used.append(found.rates)
        assert self.groups.rates(0) == pytest.approx({"backbone": 0.001, "head": 0.004})  # the planned ones again
        return found

    monkeypatch.setattr(Training, "update", noted)
    design = short(demo_with({"lr": Track(0.001)}, {"lr": Track(0.004)}))
    ranged(design, tmp_path, RangeOptions(0.1, 10.0, 10, 1, "head"))
    assert [rates["backbone"] for rates in used] == [0.001] * 10
    assert [rates["head"] for rates in used] == pytest.approx(
        [0.004 * multiplier_of(u, 10, 0.1, 10) for u in range(10)]
    )


@pytest.mark.torch
def test_a_copy_whose_loss_explodes_ends_there(tmp_path: Path) -> None:
    reason, metrics, _ = ranged(short(demo_design()), tmp_path, RangeOptions(1.0, 1e9, 20, 1))
    assert reason == "finished"
    assert metrics["points"] < 20
    assert 1.0 < metrics["ended_at"][0] < 1e9


@pytest.mark.torch
def test_a_group_that_trains_nothing_is_told(tmp_path: Path) -> None:
    from lrdesigner.child.failures import JobError

    frozen = {"freeze": (Freeze(Length(0.0, "steps"), REST),)}
    with pytest.raises(JobError, match="'head' trains nothing"):
        ranged(short(demo_with({}, frozen)), tmp_path, RangeOptions(group="head", updates=10))


def test_an_unknown_group_is_refused() -> None:
    with pytest.raises(UserError, match="no group 'neck'; there are backbone, head"):
        range_test_request(demo_design(), Path("x.py"), RangeOptions(group="neck"))


def curve(best: float, seed: int, noise: float, count: int = 100) -> list[RangePoint]:
    """A loss that falls most steeply at `best` / 10, is lowest at `best` and explodes after it."""
    draws = np.random.default_rng(seed)
    found = []
    for update in range(count):
        multiplier = multiplier_of(update, count, 1e-3, 1e3)
        decades = math.log10(multiplier / best)
        loss = 2.3 - 2.0 / (1 + math.exp(-6 * (decades + 1))) + max(decades, 0.0) ** 2 * 5
        found.append(RangePoint(seed, update, multiplier, loss + noise * float(draws.standard_normal())))
    return found


@settings(max_examples=40, deadline=None)
@given(best=st.floats(0.2, 50.0), noise=st.floats(0.0, 0.05))
def test_the_suggestion_lies_where_the_loss_falls_fastest(best: float, noise: float) -> None:
    curves = range_curves([point for seed in range(3) for point in curve(best, seed, noise)])
    assert curves is not None
    found = suggestion(curves)
    assert found.low is not None
    assert found.high is not None
    assert best / 40 < found.low <= found.high < best
    assert found.middle == pytest.approx(best / 10, rel=1.5)


def test_a_spike_and_a_copy_that_ended_early_do_not_move_it() -> None:
    points = [point for seed in range(3) for point in curve(1.0, seed, 0.01)]
    plain = range_curves(points)
    spiked = [replace(p, loss=9.0) if (p.seed, p.update) in ((0, 3), (1, 40)) else p for p in points]
    changed = range_curves([p for p in spiked if p.seed != 2 or p.update < 80])
    assert plain is not None
    assert changed is not None
    first, second = suggestion(plain), suggestion(changed)
    assert second.low == pytest.approx(first.low, rel=0.35)
    assert second.high == pytest.approx(first.high, rel=0.35)


def test_flat_noise_suggests_nothing_and_says_why() -> None:
    draws = np.random.default_rng(0)
    points = [
        RangePoint(seed, u, multiplier_of(u, 50, 0.01, 100), 2.3 + 0.02 * float(draws.standard_normal()))
        for seed in range(3)
        for u in range(50)
    ]
    curves = range_curves(points)
    assert curves is not None
    found = suggestion(curves)
    assert (found.low, found.high, found.middle) == (None, None, None)
    assert "hardly fell" in found.reason


def test_too_few_points_are_no_curve() -> None:
    assert range_curves(curve(1.0, 0, 0.0)[:9]) is None
    assert range_curves([]) is None


def test_taking_a_multiple_over_scales_the_leaders_and_who_follows_goes_with_them() -> None:
    demo = demo_design()
    led = replace(demo, groups=(demo.groups[0], replace(demo.groups[1], follow=Follow(demo.groups[0].id, 4.0))))
    scaled = use_multiplier(led, 0.5)
    assert [group.lr.base for group in scaled.groups] == pytest.approx([0.0005, 0.002])
    alone = use_multiplier(demo, 2.0, demo.groups[1].id)
    assert [group.lr.base for group in alone.groups] == [demo.groups[0].lr.base, 2 * demo.groups[1].lr.base]
    with pytest.raises(UserError, match="cannot have a base lr"):
        use_multiplier(demo, 1e12)


def test_a_test_begins_where_the_warm_up_is_over() -> None:
    warm = Sequence((Segment(Linear(0.01, 1.0), Length(12.0, "steps")), Segment(Cosine(), REST)))
    assert full_rate_step(short(demo_with({"lr": Track(0.001, warm)}, {"lr": Track(0.004, warm)}))) == 12
    assert full_rate_step(short(demo_with({"lr": Track(0.001)}, {"lr": Track(0.004)}))) == 0


def test_the_command_tells_both_and_leaves_the_design_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    requests: list[Any] = []

    def job(request: Any, on_report: Any, **_: Any) -> Outcome:
        requests.append(request)
        if len(requests) == 1:
            for point in curve(1.0, 0, 0.0):
                on_report(point)
        else:
            on_report(CriticalRate(50, "backbone", 0.001, 3.0, 4.0, 6))
            on_report(CriticalRate(50, "head", 0.004, None, 64.0, 7))
        return Outcome("finished", "Finished.")

    monkeypatch.setattr("lrdesigner.cli.range_command.run_job", job)
    file = tmp_path / "net.lrd.json"
    save(demo_design(), file)
    before = file.read_bytes()
    assert run(["range-test", str(file), "--seeds", "1", "--group", "head"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0].split() == ["multiplier", "loss", "slope/decade", "band"]
    assert out[-3].startswith("Suggested: ")
    assert out[-2:] == [
        "backbone: the loss rises at 3 times its rate, at step 50, which limits the run",
        "head: the loss does not rise up to 64 times its rate, at step 50",
    ]
    assert requests[0].range == RangeOptions(seeds=1, group="head")
    assert requests[1].options.probes == 3
    assert file.read_bytes() == before
    assert load(file) == demo_design()


@pytest.mark.parametrize("options", [["--low", "10", "--high", "1"], ["--seeds", "0"], ["--group", "neck"]])
def test_what_cannot_be_tested_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    save(demo_design(), tmp_path / "net.lrd.json")
    assert run(["range-test", str(tmp_path / "net.lrd.json"), *options]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_trial_s_options_are_taken_and_the_slope_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    requests: list[Any] = []

    def job(request: Any, on_report: Any, **_: Any) -> Outcome:
        requests.append(request)
        for point in curve(1.0, 0, 0.0):
            on_report(point)
        return Outcome("finished", "Finished.")

    monkeypatch.setattr("lrdesigner.cli.range_command.run_job", job)
    file, weights = tmp_path / "net.lrd.json", tmp_path / "net.pt"
    save(demo_design(), file)
    weights.write_bytes(b"")
    asked = [*("--precision", "bfloat16", "--accumulation", "2", "--clip", "0.5", "--seed", "7"), "--one-batch"]
    command = ["range-test", str(file), "--weights", str(weights), *asked, "--no-critical", "--json", "--seeds", "1"]
    assert run(command) == 0
    [request] = requests
    assert request.options == TrialOptions(
        weights=str(weights),
        precision="bfloat16",
        accumulation=2,
        clip=0.5,
        seed=7,
        one_batch=True,
        start=full_rate_step(demo_design()),
    )
    told, end = [json.loads(line) for line in capsys.readouterr().out.splitlines()[-2:]]
    assert told["kind"] == "curve"
    assert len(told["multipliers"]) == len(told["slope"]) == 100
    assert end["slope"] == pytest.approx(min(told["slope"][:60]), rel=0.05)
    assert end["steepest"] == pytest.approx(0.1, rel=0.3)


def test_of_a_test_that_measured_nothing_only_what_went_wrong_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    save(demo_design(), tmp_path / "net.lrd.json")
    failed = Outcome("failed", "The dataset of mine in mine.py is empty.")
    monkeypatch.setattr("lrdesigner.cli.range_command.run_job", lambda request, **given: failed)
    assert run(["range-test", str(tmp_path / "net.lrd.json"), "--no-history"]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.splitlines()[-1] == "The dataset of mine in mine.py is empty."


@pytest.mark.parametrize("name", sorted(NOT_OF_RANGE_TESTS))
def test_what_a_range_test_does_not_have_is_refused_by_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    save(demo_design(), tmp_path / "net.lrd.json")
    option = {"start": "--from"}.get(name, f"--{name.replace('_', '-')}")
    given = [option] if name in ("whole", "sharded") else [option, "1"]
    assert run(["range-test", str(tmp_path / "net.lrd.json"), *given]) == 2
    assert capsys.readouterr().err.startswith(f"lrdesigner: {option} does not go with this command, leave it out: ")
    assert run(["range-test", "--help"]) == 0
    assert f"{option} " not in capsys.readouterr().out
