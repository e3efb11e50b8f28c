"""Files for Lightning under its real Trainer: rates, freezing, accumulation, resuming, steps that a scaler skips."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from export_cases import CASES, RECORDED, MovingTraining, demo_with, exportable_designs, small, steps
from hypothesis import given, settings
from hypothesis import strategies as st
from lightning_runs import QUIET, assert_as_planned, assert_same_weights, batch_norm_design, fit, net
from msgspec.structs import replace
from strategies import FUNCTIONS, run_export
from target_runs import DESIGNS, exported, loss_of, model_of

from lrdesigner import edits
from lrdesigner.demos import demo_design
from lrdesigner.document import Batches, Design, Freeze, Plan, Track
from lrdesigner.export import ExportOptions, export
from lrdesigner.membership import membership
from lrdesigner.schedules import Plateau
from lrdesigner.tracks import frozen_stretches

pytest.importorskip("lightning")
# Lightning warns of few workers, of a fit without logger, and of what it uses in torch.
pytestmark = [pytest.mark.peers, pytest.mark.torch, pytest.mark.filterwarnings("ignore")]

HEAD = 2


@pytest.mark.parametrize("name", ["both_frozen_at_first", "plateau_of_one", "two_plateaus", "greedy", "greedy_of_one"])
def test_the_cases_are_at_every_step_what_was_drawn(name: str) -> None:
    if "greedy" in name:
        pytest.importorskip("transformers.optimization")
    design = small(CASES[name])
    module = net(design)
    fit(module, design.plan.total_steps)
    assert len(module.found) == design.plan.total_steps
    assert_as_planned(module)
    for group in design.groups:
        own = {p.name for p in membership(design).trainable(group.id)}
        for step, needed in enumerate(module.needed):
            frozen = any(start <= step < end for start, end in frozen_stretches(group.freeze, design.plan))
            assert needed & own == (set() if frozen else own)


@settings(max_examples=12, deadline=None)
@given(exportable_designs(), st.sampled_from([1, 1, 2, 3]))
def test_any_design_is_at_every_step_what_was_drawn_and_trains_as_a_loop_of_torch(
    design: Design, accumulation: int
) -> None:
    total = design.plan.total_steps
    module, loop = net(design), MovingTraining(design, FUNCTIONS)
    fit(module, total, accumulation)
    loop.train(total)
    assert len(module.found) == total
    assert_as_planned(module)
    assert module.found == loop.found
    assert_same_weights(module.model, loop.model, 0.0 if accumulation == 1 else 1e-4)


def scaled(**more: Any) -> dict[str, Any]:
    """What makes the Trainer use a GradScaler on a CPU, one that changes its scale often."""
    import torch
    from lightning.pytorch.plugins.precision import MixedPrecision

    scaler = torch.amp.GradScaler("cpu", init_scale=4.0, growth_interval=3)
    return {"plugins": [MixedPrecision("16-mixed", "cpu", scaler)], **more}


@pytest.mark.parametrize("name", ["demo", "two", "plateau_of_one", "both_frozen_at_first", "two_frozen"])
def test_a_skipped_step_moves_no_schedule_and_a_changed_scale_no_weights(name: str) -> None:
    frozen = edits.set_optimizer(CASES["both_frozen_at_first"], HEAD, "SGD")
    freeze = (Freeze(steps(0), steps(2)),)
    design = small(replace({**DESIGNS, "two_frozen": frozen}[name], plan=Plan(10, 1)))
    if "frozen" in name or name == "plateau_of_one":
        design = replace(design, groups=tuple(replace(group, freeze=freeze) for group in design.groups))
    pattern: list[set[str] | None] = [None, set(), set(), None, None, set(), set(), set(), set(), None, set()]
    if "frozen" in name or name == "plateau_of_one":  # with nothing to scale there is nothing to skip
        pattern = [set(), set(), None, *pattern]
    real = sum(spoil is not None for spoil in pattern)
    spoiled, straight = net(design, spoiled=pattern), net(design)
    fit(spoiled, len(pattern), **scaled())
    fit(straight, real)
    assert spoiled.attempts == len(pattern)
    assert spoiled.designed_step() == straight.designed_step() == real
    assert spoiled.found == straight.found
    assert_same_weights(spoiled.model, straight.model)


def test_the_schedules_of_all_wait_where_the_step_of_one_optimizer_is_skipped() -> None:
    design = small(replace(DESIGNS["two"], plan=Plan(20, 1)))
    heads = {"classifier.5.weight"}
    for spoil in (heads, {"features.0.weight"}):  # of the second optimizer, of the first
        # In the second step it grows behind the first optimizer, and falls again if the second one's is skipped.
        module = net(design, spoiled=[set(), spoil, set(), set()])
        fit(module, 4, **scaled())
        assert module.designed_step() == 3
        assert_as_planned(module)


def test_a_batch_that_a_hook_turns_away_moves_no_schedule() -> None:
    module = net(small(DESIGNS["demo"]))
    module.on_train_batch_start = lambda batch, batch_idx: -1
    fit(module, 3)
    assert module.designed_step() == 0


def test_what_is_frozen_keeps_its_norm_layers_still_also_behind_a_validation() -> None:
    import lightning
    import torch

    model = torch.nn.Sequential()
    for name, module in (("stem", torch.nn.BatchNorm1d(2)), ("head", torch.nn.Linear(2, 1))):
        model.add_module(name, module)
    design = batch_norm_design()
    file = exported(design, "lightning")
    means: list[Any] = []

    class Net(file["DesignedOptimizers"]):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def training_step(self, batch: Any, batch_idx: int) -> Any:
            means.append(model.stem.running_mean.clone())
            return self.model(batch).sum()

        def validation_step(self, batch: Any, batch_idx: int) -> None:
            self.model(batch)

    batches = torch.utils.data.DataLoader(torch.ones(20, 2), batch_size=2)
    limits = {"max_steps": 8, "val_check_interval": 1, "limit_val_batches": 1}
    lightning.Trainer(**{**QUIET, **limits}).fit(Net(), batches, batches)
    assert [before.equal(after) for before, after in itertools.pairwise(means)] == [True] * 4 + [False] * 3


@pytest.mark.parametrize("resume", [False, True])
def test_a_metric_of_validation_steers_from_the_step_behind_it_on(resume: bool, tmp_path: Path) -> None:
    import lightning
    import torch

    design = small(demo_with({"lr": Track(0.1, Plateau(0.5, 0, every=steps(3), metric=RECORDED))}))
    design = replace(edits.unpin(design, ["classifier.5"]), plan=Plan(12, 1))
    file = exported(design, "lightning")
    found: list[float] = []

    class Net(file["DesignedOptimizers"]):  # type: ignore[misc]
        monitor = "val_loss"

        def __init__(self) -> None:
            super().__init__()
            self.model = model_of(design)

        def training_step(self, batch: Any, batch_idx: int) -> Any:
            found.append(self.optimizers().param_groups[0]["lr"])
            return loss_of(self.model)

        def validation_step(self, batch: Any, batch_idx: int) -> None:
            self.log("val_loss", [3.0, 2.0, 4.0, 1.0][self.designed_step() // 3 - 1])  # worse once, the third time

    checkpoint = tmp_path / "half.ckpt"

    class Save(lightning.Callback):
        def on_validation_end(self, trainer: Any, module: Any) -> None:
            if module.designed_step() == 9:
                trainer.save_checkpoint(checkpoint)  # before the metric is followed

    batches = torch.utils.data.DataLoader(torch.zeros(12, 1), batch_size=1)
    arguments = {**QUIET, "max_steps": 12, "val_check_interval": 3, "limit_val_batches": 1, "callbacks": [Save()]}
    lightning.Trainer(**arguments).fit(Net(), batches, batches)
    assert found == [0.1] * 9 + [0.05] * 3
    if resume:
        found.clear()
        lightning.Trainer(**arguments).fit(Net(), batches, batches, ckpt_path=checkpoint, weights_only=True)
        assert found == [0.05] * 3


def test_a_metric_that_nobody_logs_is_an_error_that_names_it() -> None:
    module = net(small(CASES["two_plateaus"]), monitor=("metric_0", "acuracy"))
    with pytest.raises(ValueError, match="nothing was logged as 'acuracy' in 45 steps"):
        fit(module, 60)


@pytest.mark.parametrize(("name", "words"), [("demo", "to make 5 steps, designed were 450"), ("two", "2 .* TOTAL")])
def test_other_steps_than_the_plans_are_told(name: str, words: str) -> None:
    with pytest.warns(UserWarning, match=words):
        fit(net(small(DESIGNS[name])), 5)


def test_the_steps_of_the_plan_are_nothing_to_tell(recwarn: pytest.WarningsRecorder) -> None:
    for name in ("demo", "two"):
        design = small(replace(DESIGNS[name], plan=Plan(4, 1)))
        fit(net(design), 4)
    assert not [one for one in recwarn if "designed were" in str(one.message)]


def test_the_model_is_the_module_itself_where_it_has_no_model() -> None:
    design = small(demo_design())
    file = exported(design, "lightning")
    module = file["DesignedOptimizers"]()
    for name, child in model_of(design).named_children():
        module.add_module(name, child)
    assert [g["name"] for g in module.configure_optimizers()["optimizer"].param_groups] == ["backbone", "head"]


@pytest.mark.parametrize("name", ["demo", "two", "lbfgs", "plateau_of_one", "accumulated", "two_accumulated"])
def test_the_script_trains_and_shows_each_step_once(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    plan = Plan(Batches(samples=70, batch_size=10, accumulation=3), 2)
    lbfgs = edits.set_optimizer(edits.assign(demo_design(), [""], HEAD), HEAD, "LBFGS")
    more = {"lbfgs": lbfgs, "accumulated": edits.set_plan(demo_design(), plan)}
    more["two_accumulated"] = edits.set_plan(DESIGNS["two"], plan)
    run_export(export({**DESIGNS, **more}[name], ExportOptions("lightning")))["main"]()
    shown = [line.split(":")[0] for line in capsys.readouterr().out.splitlines() if line.startswith("step ")]
    assert shown == [f"step {step}" for step in range(5)]


def test_under_ddp_every_process_freezes_and_steps_alike(tmp_path: Path) -> None:
    thaw = batch_norm_design()
    metric = Track(0.1, Plateau(0.5, 0, threshold=0.9, every=steps(2)))
    cases = {
        "thaw": thaw,
        "two_thaw": edits.set_optimizer(thaw, thaw.groups[0].id, "SGD"),
        "never": batch_norm_design(None),
        "plateau": replace(thaw, groups=tuple(replace(group, lr=metric, freeze=()) for group in thaw.groups)),
    }
    for name, design in cases.items():
        options = ExportOptions("lightning", "snippet", schedule_form="functions")
        (tmp_path / f"case_{name}.py").write_text(export(design, options))
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    script = str(Path(__file__).with_name("lightning_run.py"))
    done = subprocess.run([*command, script, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    first, second = (json.loads((tmp_path / f"rank{rank}.json").read_bytes()) for rank in range(2))
    assert first == second
    for name in ("thaw", "two_thaw"):
        stems = first[f"case_{name}"]["stems"]
        assert [before == after for before, after in itertools.pairwise(stems)] == [True] * 4 + [False] * 3
    assert first["case_never"]["weights"]["stem.weight"] == [1.0, 1.0]
    rates = [row["stem"] for row in first["case_plateau"]["rates"]]
    assert min(rates) < max(rates)  # the metric did steer
