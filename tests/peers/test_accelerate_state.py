"""Files for accelerate where the library alone would go wrong: scalers, and checkpoints of edited designs."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path

import pytest
from export_cases import CASES, demo_with, small, steps
from msgspec.structs import replace
from strategies import run_export, torch_model

from lrdesigner import edits
from lrdesigner.demos import demo_design
from lrdesigner.document import Design, Freeze, Track
from lrdesigner.export import ExportOptions, export
from lrdesigner.schedules import Plateau

pytestmark = pytest.mark.peers

HEAD = 2
TWO = edits.set_optimizer(demo_design(), HEAD, "SGD")
EARLY = (Freeze(steps(0), steps(3)),)
DESIGNS = {
    "one": demo_design(),
    "two": TWO,
    "one_frozen_at_first": edits.set_optimizer(demo_with({"freeze": EARLY}), HEAD, "SGD"),
    "all_frozen_at_first": edits.set_optimizer(demo_with({"freeze": EARLY}, {"freeze": EARLY}), HEAD, "SGD"),
    **{name: CASES[name] for name in ("weight_decay", "thaw", "plateau", "two_plateaus", "plateau_of_one")},
}


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    """Accelerate keeps one state for the whole process."""
    state = pytest.importorskip("accelerate.state")
    yield
    state.AcceleratorState._reset_state(True)
    state.GradientState._reset_state()


class Loop:
    """A loop as the docstring of the file has it, on a model whose parameters hold one number each."""

    def __init__(
        self, design: Design, *, scaled: bool = False, apply_edits: bool = False, tensor_lr: bool = False
    ) -> None:
        import torch
        from accelerate import Accelerator

        text = export(small(design), ExportOptions("accelerate", "snippet", tensor_lr=tensor_lr))
        self.file = run_export(text)
        self.model = torch_model(small(design).model.inventory)
        several = "build_optimizers" in self.file
        built = self.file["build_optimizers" if several else "build_optimizer"](self.model)
        made = self.file["build_schedulers" if several else "build_scheduler"](built)
        self.schedulers = made if several else (made,)
        self.accelerator = Accelerator(cpu=True)
        if scaled:
            self.accelerator.scaler = torch.amp.GradScaler("cpu", init_scale=4.0, growth_interval=3)
        self.model, *self.optimizers = self.accelerator.prepare(self.model, *(built if several else (built,)))
        pairs = zip(self.optimizers, self.schedulers, strict=True)
        self.state = self.file["PlanState"](*pairs, apply_edits=apply_edits)
        self.accelerator.register_for_checkpointing(self.state)
        every = self.file.get("METRIC_EVERY")
        self.every = every if isinstance(every, tuple) else (every,) * len(self.schedulers)
        self.rates: list[list[float]] = []

    def batch(self, spoiled: bool = False) -> bool:
        """One pass, with gradients that are not finite where `spoiled`; whether it was a step."""
        import torch

        if "apply_freeze" in self.file:
            self.file["apply_freeze"](self.model, self.state.step)
        with self.accelerator.accumulate(self.model):
            needing = [p.sin().sum() for p in self.model.parameters() if p.requires_grad]
            if needing:
                loss = torch.stack(needing).sum()
                self.accelerator.backward(loss * float("inf") if spoiled else loss)
            self.rates.append([float(g["lr"]) for o in self.optimizers for g in o.param_groups])
            stepped: bool = self.file["accelerated_step"](self.accelerator, *self.optimizers)
        if stepped:
            self.state.step += 1
            for scheduler, every in zip(self.schedulers, self.every, strict=True):
                if every is None:
                    scheduler.step()
                elif self.state.step % every == 0:
                    scheduler.step(1.0)
        return stepped

    def train(self, count: int) -> None:
        for _ in range(count):
            assert self.batch()

    def weights(self) -> dict[str, list[float]]:
        return {name: value.tolist() for name, value in self.model.state_dict().items()}

    def saved(self, folder: Path) -> str:
        self.accelerator.save_state(str(folder))
        return str(folder)


@pytest.mark.parametrize("name", ["one", "two", "one_frozen_at_first", "all_frozen_at_first"])
def test_a_scaler_that_grows_and_skips_changes_neither_weights_nor_schedule(name: str) -> None:
    """Its scales are powers of two, so that the weights must be the same to the last bit."""
    plain, scaled = Loop(DESIGNS[name]), Loop(DESIGNS[name], scaled=True)
    pattern = [False] * 8 + [True, False, True, True, False, False, False, False, False]
    scales = []
    for spoiled in pattern:
        assert scaled.batch(spoiled) is not spoiled
        scales.append(scaled.accelerator.scaler.get_scale())
    plain.train(pattern.count(False))
    assert scaled.weights() == plain.weights()
    assert scaled.state.step == plain.state.step
    assert [rates for rates, bad in zip(scaled.rates, pattern, strict=True) if not bad] == plain.rates
    assert {2.0, 4.0, 8.0} <= set(scales)


def test_a_skip_of_a_fused_optimizer_is_no_step(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch.optim, "AdamW", functools.partial(torch.optim.AdamW, fused=True))
    loop = Loop(DESIGNS["one"], scaled=True)
    assert [loop.batch(spoiled) for spoiled in (False, True, False)] == [True, False, True]
    assert loop.rates[1] == loop.rates[2] != loop.rates[0]


@pytest.mark.parametrize(
    ("name", "tensor_lr"),
    [("one", True)] + [(n, False) for n in ("one", "two", "weight_decay", "thaw", "two_plateaus", "plateau_of_one")],
)
def test_a_run_resumed_with_its_state_is_the_same_run(name: str, tensor_lr: bool, tmp_path: Path) -> None:
    straight, first, second = (Loop(DESIGNS[name], tensor_lr=tensor_lr) for _ in range(3))
    straight.train(100)
    first.train(92)
    second.accelerator.load_state(first.saved(tmp_path))
    assert second.state.step == 92
    second.train(8)
    assert second.rates == straight.rates[92:]
    assert second.weights() == straight.weights()


def with_base(design: Design, lr: float) -> Design:
    first, second = design.groups
    return replace(design, groups=(replace(first, lr=replace(first.lr, base=lr)), second))


@pytest.mark.parametrize("name", ["one", "two", "thaw"])
@pytest.mark.parametrize("apply_edits", [False, True])
def test_an_edited_base_rate_is_taken_if_one_asks_for_it(name: str, apply_edits: bool, tmp_path: Path) -> None:
    edited = with_base(DESIGNS[name], 0.5)
    before, after, straight = Loop(DESIGNS[name]), Loop(edited, apply_edits=apply_edits), Loop(edited)
    before.train(20)
    after.accelerator.load_state(before.saved(tmp_path))
    for run in (before, after):
        run.train(1)
    straight.train(21)
    assert after.rates[-1] == pytest.approx((straight if apply_edits else before).rates[-1], rel=1e-12)


def test_the_settings_of_a_plateau_are_those_of_the_file(tmp_path: Path) -> None:
    old, new = (demo_with({"lr": Track(0.1, p)}, {"lr": Track(0.1, p)}) for p in (Plateau(0.5, 1), Plateau(0.1, 7)))
    before, after = Loop(old), Loop(new)
    before.schedulers[0].step(1.0)
    after.accelerator.load_state(before.saved(tmp_path))
    scheduler = after.schedulers[0]
    assert (scheduler.factor, scheduler.patience, scheduler.best) == (0.1, 7, 1.0)


def test_a_checkpoint_of_other_groups_is_refused(tmp_path: Path) -> None:
    first, second = demo_design().groups
    renamed = replace(demo_design(), groups=(replace(first, name="trunk"), second))
    before, after = Loop(demo_design()), Loop(renamed)
    folder = before.saved(tmp_path)
    with pytest.raises(ValueError, match="the checkpoint has name backbone, not trunk"):
        after.accelerator.load_state(folder)
