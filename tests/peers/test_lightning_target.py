"""Files for Lightning under its real Trainer: rates, freezing, accumulation, resuming, and skipped steps."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from export_cases import CASES, RECORDED, MovingTraining, demo_with, exportable_designs, planned, small, steps
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from strategies import FUNCTIONS, run_export
from target_runs import DESIGNS, exported, loss_of, model_of, needing, tracks

from lrdesigner import edits
from lrdesigner.curves import values_at
from lrdesigner.demos import demo_design
from lrdesigner.document import Batches, Design, Freeze, Model, Plan, Track, new_design
from lrdesigner.export import ExportOptions, export
from lrdesigner.inventory import Inventory, ModuleInfo, ParameterInfo
from lrdesigner.membership import membership
from lrdesigner.param_groups import param_groups
from lrdesigner.proof import metrics_of
from lrdesigner.schedules import Cosine, Plateau
from lrdesigner.tracks import frozen_stretches

pytest.importorskip("lightning")
# Lightning warns of few workers, of a fit without logger, and of what it uses in torch.
pytestmark = [pytest.mark.peers, pytest.mark.torch, pytest.mark.filterwarnings("ignore")]

HEAD = 2
QUIET = {
    "accelerator": "cpu",
    "logger": False,
    "enable_checkpointing": False,
    "enable_progress_bar": False,
    "enable_model_summary": False,
    "num_sanity_val_steps": 0,
}


def net(design: Design, model: Any = None, **attributes: Any) -> Any:
    """A module of the file's class that notes every track before each step, and logs the metrics of the design."""
    import torch

    file = exported(design, "lightning")
    metrics = metrics_of(design)
    every = file.get("METRIC_EVERY", 1)
    periods = every if isinstance(every, tuple) else (every,)
    names = tuple(f"metric_{place}" for place in range(len(metrics)))

    class Net(file["DesignedOptimizers"]):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.design = design
            self.model = model_of(design) if model is None else model
            self.found: list[dict[str, dict[str, float]]] = []
            self.needed: list[set[str]] = []
            self.spoiled: list[set[str] | None] = []
            self.attempts = 0

        def training_step(self, batch: Any, batch_idx: int) -> Any:
            optimizers = self.optimizers(use_pl_optimizer=False)
            optimizers = optimizers if isinstance(optimizers, list) else [optimizers]
            if len(self.found) == self.designed_step():
                self.found.append(tracks(optimizers))
                self.needed.append(needing(self.model))
            self._log_metrics()
            bad = self.spoiled[self.attempts] if self.attempts < len(self.spoiled) else set()
            self.attempts += 1
            loss: Any = torch.zeros(())
            for name, p in self.model.named_parameters():
                if p.requires_grad:
                    loss = loss + p.sin().sum() * (float("inf") if bad is None or name in bad else 1.0)
            return self.optimize(loss, batch_idx) if len(optimizers) > 1 else loss

        def _log_metrics(self) -> None:
            done = self.designed_step() + 1  # as it is when the step has been made
            for name, values, period in zip(names, metrics, periods, strict=False):
                if values:
                    value = values[min(max(done // period, 1), len(values)) - 1]
                    self.trainer.callback_metrics[name] = torch.tensor(value, dtype=torch.float64)

    if any(metrics):
        Net.monitor = names if len(metrics) > 1 else names[0]
    made = Net()
    for name, value in attributes.items():
        setattr(made, name, value)
    return made


def fit(module: Any, count: int, accumulation: int = 1, **more: Any) -> Any:
    """Train for so many steps, in one epoch; `more` is for Trainer, or for its fit."""
    import lightning
    import torch

    several = not module.automatic_optimization
    of_fit = {key: more.pop(key) for key in ("ckpt_path", "weights_only") if key in more}
    if several:
        module.accumulation = accumulation
    elif accumulation > 1:
        more["accumulate_grad_batches"] = accumulation
    number = len(param_groups(module.design)) if several else 1
    trainer = lightning.Trainer(**{**QUIET, "max_epochs": 1, "max_steps": number * count, **more})
    batches = torch.utils.data.DataLoader(torch.zeros(count * accumulation, 1), batch_size=1)
    trainer.fit(module, batches, **of_fit)
    return trainer


def saver(at: int, file: Path) -> Any:
    """A callback that writes a checkpoint behind so many steps."""
    import lightning

    class Saver(lightning.Callback):
        def on_train_batch_end(self, trainer: Any, module: Any, *_: Any) -> None:
            if module.designed_step() == at and not file.exists():
                trainer.save_checkpoint(file)

    return Saver()


def assert_as_planned(module: Any) -> None:
    for group, track, near, values in planned(module.design, len(module.found)):
        found = np.array([row[group][track] for row in module.found])
        assert (abs(found - values) <= near).all(), (group, track)


def assert_same_weights(one: Any, other: Any, near: float = 0.0) -> None:
    import torch

    there = other.state_dict()
    for name, weights in one.state_dict().items():
        torch.testing.assert_close(weights, there[name], rtol=near, atol=near, equal_nan=True)


@pytest.mark.parametrize("name", ["both_frozen_at_first", "plateau_of_one", "two_plateaus"])
def test_the_cases_are_at_every_step_what_was_drawn(name: str) -> None:
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


@settings(max_examples=8, deadline=None)
@given(exportable_designs(), st.data(), st.sampled_from([1, 2]))
def test_a_run_resumed_in_the_middle_is_the_same_run(
    tmp_path_factory: pytest.TempPathFactory, design: Design, data: st.DataObject, accumulation: int
) -> None:
    total = design.plan.total_steps
    assume(total > 1)
    at = data.draw(st.integers(1, total - 1))
    file = tmp_path_factory.mktemp("run") / "half.ckpt"
    straight, resumed = net(design), net(design)
    fit(straight, total, accumulation, callbacks=[saver(at, file)])
    resumed.found = straight.found[:at]
    fit(resumed, total, accumulation, ckpt_path=file, weights_only=True)
    assert resumed.found == straight.found
    assert resumed.designed_step() == straight.designed_step() == total
    assert_same_weights(resumed.model, straight.model)


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
        # The scale grows behind the first optimizer's third step, and falls at once behind the second's.
        module = net(design, spoiled=[set(), set(), spoil, set()])
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


def batch_norm_design() -> Design:
    """A group with a batch norm that is frozen in its first four steps, and one without."""
    parameters = tuple(
        ParameterInfo(name, shape, "float32", int(np.prod(shape)), True)
        for name, shape in (("stem.weight", (2,)), ("stem.bias", (2,)), ("head.weight", (1, 2)), ("head.bias", (1,)))
    )
    modules = (ModuleInfo("", "Sequential"), ModuleInfo("stem", "BatchNorm1d"), ModuleInfo("head", "Linear"))
    design = replace(new_design(Model("", {}, Inventory(modules, parameters))), plan=Plan(8, 1))
    design = edits.add_group(design, "stem", ["stem"])
    return edits.set_freeze(design, design.groups[-1].id, (Freeze(steps(0), steps(4)),))


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


@pytest.mark.parametrize("optimizer", ["AdamW", "SGD"])
@pytest.mark.parametrize("apply_edits", [False, True])
def test_after_an_edit_shapes_follow_the_file_and_numbers_if_asked(
    optimizer: str, apply_edits: bool, tmp_path: Path
) -> None:
    old = small(edits.set_optimizer(replace(demo_design(), plan=Plan(40, 1)), HEAD, optimizer))
    edited = edits.set_option(edits.set_base_lr(old, HEAD, 0.5), HEAD, "weight_decay", 0.25)
    edited = edits.set_schedule(edited, HEAD, Cosine())
    fit(net(old), 40, callbacks=[saver(30, tmp_path / "half.ckpt")])
    module = net(edited, apply_edits=apply_edits)
    module.found = [{}] * 30
    fit(module, 40, ckpt_path=tmp_path / "half.ckpt")
    (head,) = (part for parts in param_groups(edited) for part in parts if part.group.id == HEAD)
    factors = values_at(head, edited.plan, np.arange(31, 40))["lr"] / 0.5
    base = 0.5 if apply_edits else old.group(HEAD).lr.base
    rates = [row["head"]["lr"] for row in module.found[31:]]
    assert rates == pytest.approx((base * factors).tolist(), rel=1e-12)
    before = old.group(HEAD).options.weight_decay
    assert module.found[-1]["head"]["weight_decay"] == (0.25 if apply_edits else before)


def test_a_checkpoint_of_other_groups_is_refused(tmp_path: Path) -> None:
    design = small(replace(demo_design(), plan=Plan(10, 1)))
    fit(net(design), 10, callbacks=[saver(5, tmp_path / "half.ckpt")])
    renamed = edits.rename_group(design, HEAD, "tail")
    with pytest.raises(
        ValueError, match=r"the checkpoint has the groups \['backbone', 'head'\], not \['backbone', 'tail'\]"
    ):
        fit(net(renamed), 10, ckpt_path=tmp_path / "half.ckpt")
    moved = edits.assign(design, ["classifier.3"], HEAD)
    with pytest.raises(ValueError, match="the checkpoint has other parameters in 'backbone'"):
        fit(net(moved), 10, ckpt_path=tmp_path / "half.ckpt")


def test_weights_of_a_checkpoint_start_a_run_of_their_own(tmp_path: Path) -> None:
    design = small(replace(CASES["plateau"], plan=Plan(10, 1)))
    first, again = net(design), net(design)
    fit(first, 10, callbacks=[saver(5, tmp_path / "half.ckpt")])
    again = type(again).load_from_checkpoint(tmp_path / "half.ckpt")
    fit(again, 10)
    assert again.designed_step() == 10
    assert again.found == first.found


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
