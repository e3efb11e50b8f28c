"""Exported files in which more than the rate moves: each track of real optimizers is, at each step, what was drawn."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from export_cases import CASES, MOVES, MovingTraining, demo_with, exportable_designs, planned, small, steps
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from strategies import run_export, torch_model

from lrdesigner import edits
from lrdesigner.demos import demo_design
from lrdesigner.document import Design, Freeze, Model, Plan, Track, new_design
from lrdesigner.errors import UserError
from lrdesigner.export import export
from lrdesigner.inventory import Inventory, ModuleInfo, ParameterInfo
from lrdesigner.membership import membership
from lrdesigner.optimizers import AdamWOptions, SGDOptions
from lrdesigner.param_groups import steering
from lrdesigner.schedules import Absolute, Constant, Cosine, Greedy, Length, Linear, Plateau
from lrdesigner.tracks import frozen_stretches

WITHOUT_TRANSFORMERS = [name for name in CASES if "greedy" not in name]


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Two threads of torch on busy cores wait for each other for most of the time."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def assert_as_planned(design: Design, training: MovingTraining) -> None:
    for group, track, near, values in planned(design, len(training.found)):
        found = np.array([row[group][track] for row in training.found])
        worst = int(np.argmax(abs(found - values)))
        assert abs(found - values)[worst] <= near, (group, track, worst, found[worst], values[worst])


@pytest.mark.torch
@settings(max_examples=30, deadline=None)
@given(exportable_designs())
def test_every_track_is_at_every_step_what_was_drawn(design: Design) -> None:
    training = MovingTraining(design)
    training.train(design.plan.total_steps)
    assert_as_planned(design, training)


@pytest.mark.torch
@pytest.mark.parametrize("name", WITHOUT_TRANSFORMERS)
def test_the_cases_are_at_every_step_what_was_drawn(name: str) -> None:
    design = small(CASES[name])
    training = MovingTraining(design)
    training.train(design.plan.total_steps)
    assert_as_planned(design, training)


@pytest.mark.torch
@settings(max_examples=20, deadline=None)
@given(exportable_designs(), st.data())
def test_a_run_resumed_in_the_middle_is_the_same_run(design: Design, data: st.DataObject) -> None:
    import torch

    at = data.draw(st.integers(1, design.plan.total_steps))
    apply_edits = data.draw(st.booleans())  # without edits to apply it makes no difference
    straight, first, second = (MovingTraining(design) for _ in range(3))
    straight.train(at + 5)
    first.train(at)
    second.resume(first.checkpoint(), apply_edits=apply_edits)
    second.train(5)
    assert second.found == straight.found[at:]
    for name, weights in second.model.state_dict().items():
        torch.testing.assert_close(weights, straight.model.state_dict()[name], rtol=0, atol=0, equal_nan=True)


@pytest.mark.torch
@settings(max_examples=30, deadline=None)
@given(exportable_designs(), st.booleans())
def test_what_is_frozen_does_not_move_by_a_bit(design: Design, frozen_by_rate_alone: bool) -> None:
    training = MovingTraining(design)
    steered = {name for group in design.groups if steering(group) for name in _trainable(design, group)}
    if frozen_by_rate_alone:
        training.exported.pop("apply_freeze", None)
    for _ in range(min(design.plan.total_steps, 40)):
        frozen, before = training.frozen_names(), training.model.state_dict()
        still = {name: before[name].clone() for name in frozen - (steered if frozen_by_rate_alone else set())}
        training.train(1)
        for name, weights in still.items():
            assert training.model.state_dict()[name].equal(weights)


def _trainable(design: Design, group: Any) -> set[str]:
    return {p.name for p in membership(design).trainable(group.id)}


@pytest.mark.torch
@settings(max_examples=30, deadline=None)
@given(exportable_designs(), st.data())
def test_gradients_are_needed_as_designed_and_membership_does_not_depend_on_it(
    design: Design, data: st.DataObject
) -> None:
    training = MovingTraining(design)
    names = {p.name for p in design.model.inventory.parameters if p.trainable and p.tied_to is None}
    freezing = any(frozen_stretches(g.freeze, design.plan) and _trainable(design, g) for g in design.groups)
    assert ("apply_freeze" in training.exported) == freezing
    for at in data.draw(st.lists(st.integers(0, design.plan.total_steps + 3), max_size=8)):
        training.step = at
        training.freeze()
        needing = {name for name, p in training.model.named_parameters() if p.requires_grad}
        assert needing == names - training.frozen_names()
        again = training.exported["build_optimizers" if len(training.pairs) > 1 else "build_optimizer"](training.model)
        groups = [g for optimizer in (again if isinstance(again, tuple) else (again,)) for g in optimizer.param_groups]
        built = [g for optimizer, _ in training.pairs for g in optimizer.param_groups]
        assert [g["param_names"] for g in groups] == [g["param_names"] for g in built]


# Freezing, in particular


def _normed() -> Any:
    from torch import nn

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.BatchNorm1d(4, affine=False))
            self.head = nn.Sequential(nn.BatchNorm1d(4), nn.Linear(4, 2))
            self.body[0].bias.requires_grad_(False)

        def forward(self, inputs: Any) -> Any:
            return self.head(self.body(inputs))

    return Net()


def _normed_design(*freeze: Freeze) -> Design:
    model = _normed()
    modules = tuple(ModuleInfo(path, type(module).__name__) for path, module in model.named_modules())
    parameters = tuple(
        ParameterInfo(name, tuple(p.shape), "float32", p.numel(), p.requires_grad)
        for name, p in model.named_parameters()
    )
    design = new_design(Model("", {}, Inventory(modules, parameters)), Plan(10, 10))
    design = edits.add_group(design, "body", ["body"])
    return replace(design, groups=tuple(replace(g, freeze=freeze if g.name == "body" else ()) for g in design.groups))


FROM_10_TO_20 = Freeze(steps(10), steps(10))


@pytest.mark.torch
def test_a_frozen_groups_norm_layers_keep_their_statistics_until_it_thaws() -> None:
    import torch

    exported, model = run_export(export(_normed_design(FROM_10_TO_20))), _normed()
    norms = [model.body[1], model.body[2], model.head[0]]

    def statistics(norm: Any) -> list[float]:
        # The count too: what the layer before has normed has a mean of 0, so that the mean may stay by itself.
        return [*norm.running_mean.tolist(), *norm.running_var.tolist(), int(norm.num_batches_tracked)]

    for step in (0, 9, 10, 15, 19, 20, 25):
        model.train()
        exported["apply_freeze"](model, step)
        frozen = 10 <= step < 20
        assert [norm.training for norm in norms] == [not frozen, not frozen, True]
        before = [statistics(norm) for norm in norms]
        model(torch.randn(8, 2))
        kept = [statistics(norm) == known for norm, known in zip(norms, before, strict=True)]
        assert kept == [frozen, frozen, False]


@pytest.mark.torch
def test_norm_layers_train_on_after_a_thaw_where_train_is_called_but_once() -> None:
    exported, model = run_export(export(_normed_design(FROM_10_TO_20))), _normed()
    model.train()
    for step in range(25):
        exported["apply_freeze"](model, step)
    assert model.body[1].training
    model.body[1].eval()  # a person's own choice is left alone
    exported["apply_freeze"](model, 25)
    assert not model.body[1].training


@pytest.mark.torch
def test_freezing_leaves_alone_what_never_trains_and_drops_old_gradients() -> None:
    import torch

    exported, model = run_export(export(_normed_design(FROM_10_TO_20))), _normed()
    assert exported["NEVER_TRAINED"] == {"body.0.bias"}
    optimizer = exported["build_optimizer"](model)
    exported["apply_freeze"](model, 9)
    model(torch.randn(8, 2)).sum().backward()
    exported["apply_freeze"](model, 10)
    assert [p.grad is None for p in model.parameters()] == [True] * 4 + [False] * 4
    assert not any(p.requires_grad for p in model.body.parameters())
    exported["apply_freeze"](model, 20)
    assert [p.requires_grad for p in model.body.parameters()] == [True, False, True, True]
    assert sum(len(group["params"]) for group in optimizer.param_groups) == 7


@pytest.mark.torch
@pytest.mark.parametrize("thawed_first", [True, False])
def test_a_parameter_that_began_to_train_is_a_changed_model(thawed_first: bool) -> None:
    exported, model = run_export(export(_normed_design(FROM_10_TO_20))), _normed()
    model.body[0].bias.requires_grad_(True)
    if not thawed_first:
        exported["apply_freeze"](model, 0)
    with pytest.raises(ValueError, match=r"group 'body' has 4 tensors .*: the model has changed"):
        exported["build_optimizer"](model)


@pytest.mark.torch
def test_a_group_that_never_trains_is_known_but_in_no_optimizer() -> None:
    exported, model = run_export(export(_normed_design(Freeze()))), _normed()
    optimizer = exported["build_optimizer"](model)
    assert [group["name"] for group in optimizer.param_groups] == ["everything"]
    exported["apply_freeze"](model, 0)
    assert not any(p.requires_grad for p in model.body.parameters())
    model.body[1] = type(model.body)()
    with pytest.raises(ValueError, match="group 'body' has 1 tensors with 8 parameters, designed were 3 with 16"):
        exported["build_optimizer"](model)


@pytest.mark.torch
def test_freezing_works_on_a_wrapped_model() -> None:
    import torch

    exported, model = run_export(export(_normed_design(FROM_10_TO_20))), _normed()
    wrapped = torch.nn.Module()
    wrapped.module = model
    exported["build_optimizer"](wrapped)
    exported["apply_freeze"](wrapped, 10)
    assert not model.body[0].weight.requires_grad
    assert not model.body[1].training


def test_a_design_in_which_nothing_ever_trains_is_refused() -> None:
    with pytest.raises(UserError, match="every group is frozen for the whole run"):
        export(demo_with({"freeze": (Freeze(),)}, {"freeze": (Freeze(),)}))


# Options that move


@pytest.mark.torch
@pytest.mark.parametrize("name", ["weight_decay", "betas", "momentum_of_one"])
def test_the_schedule_is_one_of_torch_and_its_state_is_numbers(name: str) -> None:
    from torch.optim.lr_scheduler import LambdaLR

    training = MovingTraining(CASES[name])
    training.train(3)
    schedulers = [scheduler for _, scheduler in training.pairs]
    assert all(isinstance(scheduler, LambdaLR) for scheduler in schedulers)
    assert {type(scheduler).__name__ for scheduler in schedulers} == {"GroupSchedule"}
    known = {"base_lrs", "last_epoch", "_step_count", "_is_initial", "_get_lr_called_within_step", "_last_lr"}
    for scheduler in schedulers:
        state = scheduler.state_dict()
        assert set(state.pop("lr_lambdas")) == {None}
        assert set(state) == known


def test_without_moving_options_nothing_but_lambda_lr_is_written() -> None:
    text = export(demo_design())
    assert "return LambdaLR(optimizer" in text
    assert not {"GroupSchedule", "FROZEN", "METRIC_EVERY", "OPTION_FACTORS"} & set(text.replace("(", " ").split())


def test_tracks_of_one_shape_share_one_function() -> None:
    exported = run_export(export(CASES["same_shape_twice"]))
    factors = exported["OPTION_FACTORS"]["backbone"]
    assert factors["weight_decay"] is exported["LR_FACTORS"]["backbone"]


@pytest.mark.torch
@pytest.mark.parametrize("option", ["weight_decay", "beta1"])
def test_an_option_that_no_longer_moves_as_designed_is_refused(option: str) -> None:
    exported = run_export(export(CASES["betas"]))
    exported["MOVES"]["head"] = [
        (name, base * (1 + 1e-9) if name == option else base, factor)
        for name, base, factor in exported["MOVES"]["head"]
    ]
    with pytest.raises(ValueError, match=f"'head' has {option} .* at step 0, not 0"):
        exported["build_scheduler"](exported["build_optimizer"](exported["LeNet"]()))


@pytest.mark.torch
@pytest.mark.parametrize("apply_edits", [False, True])
def test_moving_options_are_those_of_the_edited_file_at_once_if_asked_else_from_the_next_step(
    apply_edits: bool,
) -> None:
    old = demo_with({"weight_decay": Linear(1.0, 0.0)}, {"momentum": Linear(1.0, 0.5)})
    edited = edits.set_option(edits.set_option(old, 1, "weight_decay", 0.25), 2, "beta1", 0.8)
    before, after = MovingTraining(old), MovingTraining(edited)
    before.train(31)
    after.resume(before.checkpoint(), apply_edits=apply_edits)
    if not apply_edits:  # the state was saved for the step that comes, with its options
        assert (after.pairs[0][0].param_groups[0]["weight_decay"]) == 0.01 * (1.0 - 31 / 450)
        after.train(1)
    after.train(3)
    for row, step in zip(after.found[0 if apply_edits else 1 :], range(31 + (not apply_edits), 40), strict=False):
        assert row["backbone"]["weight_decay"] == pytest.approx(0.25 * (1 - step / 450), rel=1e-12)
        assert row["head"]["beta1"] == pytest.approx(0.8 * (1 - step / 900), rel=1e-12)


def test_a_beta_that_would_reach_1_is_refused() -> None:
    with pytest.raises(UserError, match="momentum of 'backbone'"):
        export(demo_with({"momentum": Constant(1.2)}))


# Metrics


@pytest.mark.torch
def test_a_plateau_is_torchs_own_with_the_groups_floors() -> None:
    from torch.optim.lr_scheduler import ReduceLROnPlateau

    floors = Plateau(0.5, 3, "max", 0.01, "abs", 2, Absolute(2e-4), 1e-9, Length(2, "epochs"))
    design = demo_with({"lr": Track(1e-3, floors)}, {"lr": Track(1e-2, replace(floors, floor=0.05))})
    exported = run_export(export(design))
    scheduler = exported["build_scheduler"](exported["build_optimizer"](exported["LeNet"]()))
    assert type(scheduler) is ReduceLROnPlateau
    assert exported["METRIC_EVERY"] == 90
    shown = {"factor": 0.5, "patience": 3, "mode": "max", "threshold": 0.01, "threshold_mode": "abs", "cooldown": 2}
    assert {key: getattr(scheduler, key) for key in shown} == shown
    assert (scheduler.min_lrs, scheduler.eps) == ([2e-4, 5e-4], 1e-9)


@pytest.mark.torch
@pytest.mark.parametrize("apply_edits", [False, True])
def test_a_resumed_plateau_keeps_what_the_metric_did_and_follows_the_files_settings(apply_edits: bool) -> None:
    old = demo_with({"lr": Track(1e-3, Plateau(patience=0))}, {"lr": Track(1e-2, Plateau(patience=0))})
    edited = demo_with({"lr": Track(4e-3, Plateau(patience=7))}, {"lr": Track(1e-2, Plateau(patience=7))})
    before, after = MovingTraining(old), MovingTraining(edited)
    for metric in (1.0, 1.0):
        before.pairs[0][1].step(metric)
    after.resume(before.checkpoint(), apply_edits=apply_edits)
    optimizer, scheduler = after.pairs[0]
    rates = [group["lr"] for group in optimizer.param_groups]
    assert rates == pytest.approx([4e-4 if apply_edits else 1e-4, 1e-3], rel=1e-12)
    assert (scheduler.patience, scheduler.best, scheduler.last_epoch) == (7, 1.0, 2)


def test_several_optimizers_of_a_class_have_names_of_their_own() -> None:
    for name, constants in {
        "plateau_of_one": ["ADAMW_ON_PLATEAU_GROUPS", "ADAMW_GROUPS"],
        "two_plateaus": ["ADAMW_ON_PLATEAU_GROUPS", "ADAMW_ON_PLATEAU_2_GROUPS"],
        "greedy_and_plateau": ["ADAMW_GREEDY_GROUPS", "SGD_ON_PLATEAU_GROUPS"],
    }.items():
        exported = run_export(export(CASES[name]))
        assert [key for key in exported if key.endswith("_GROUPS")] == constants
    assert exported["METRIC_EVERY"] == (45, 45)


@pytest.mark.parametrize("schedule", [Plateau(), Greedy()])
@pytest.mark.parametrize(
    ("fields", "words"),
    [({"weight_decay": Cosine()}, "weight decay"), ({"momentum": MOVES[0]}, "beta1"), ({"beta2": MOVES[0]}, "beta2")],
)
def test_options_that_move_beside_a_metric_are_refused(schedule: Any, fields: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError, match=f"lr of 'backbone' follows a metric, its {words} the steps"):
        export(demo_with({"lr": Track(1e-3, schedule), **fields}))


@pytest.mark.torch
def test_greedy_tells_where_it_comes_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    monkeypatch.setitem(sys.modules, "transformers.optimization", None)
    exported = run_export(export(CASES["greedy"]))
    assert "comes with transformers, which must be installed" in exported["__doc__"]
    with pytest.raises(ImportError, match="pip install -U transformers"):
        exported["build_schedulers"](exported["build_optimizers"](exported["LeNet"]()))


@pytest.mark.torch
def test_greedy_gets_the_settings_of_the_design(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[dict[str, Any]] = []
    module = ModuleType("transformers.optimization")
    module.GreedyLR = lambda optimizer, **settings: given.append(settings)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "transformers", ModuleType("transformers"))
    monkeypatch.setitem(sys.modules, "transformers.optimization", module)
    exported = run_export(export(CASES["greedy"]))
    exported["build_schedulers"](exported["build_optimizers"](exported["LeNet"]()))
    # Groups of different rates: an optimizer each, since GreedyLR begins anew for all of an optimizer's groups at once.
    assert [(g["min_lr"], g["max_lr"]) for g in given] == [([1e-6], [0.1]), ([1e-5], [0.1])]
    assert list(given[0]) == [
        "mode", "factor", "patience", "threshold", "threshold_mode", "cooldown", "warmup", "min_lr", "max_lr", "eps",
        "smooth", "window_size", "reset_start",
    ]  # fmt: skip


@pytest.mark.torch
def test_a_model_of_two_optimizers_builds_from_its_design() -> None:
    design = CASES["plateau_of_one"]
    optimizers, schedulers = design.build(torch_model(design.model.inventory))
    assert [type(scheduler).__name__ for scheduler in schedulers] == ["ReduceLROnPlateau", "GroupSchedule"]
    assert [group["name"] for optimizer in optimizers for group in optimizer.param_groups] == ["backbone", "head"]


@pytest.mark.torch
@pytest.mark.parametrize("options", [SGDOptions(momentum=0.9, weight_decay=0.1), AdamWOptions(weight_decay=0.5)])
def test_momentum_and_weight_decay_wait_while_a_group_is_frozen(options: Any) -> None:
    training = MovingTraining(small(demo_with({"options": options, "freeze": (FROM_10_TO_20,), "lr": Track(0.1)})))
    weights = training.model.state_dict()["features.0.weight"]
    seen = []
    for _ in range(25):
        seen.append(weights.clone())
        training.train(1)
    moved = [not a.equal(b) for a, b in itertools.pairwise(seen)]
    assert moved == [not 10 <= step < 20 for step in range(24)]
