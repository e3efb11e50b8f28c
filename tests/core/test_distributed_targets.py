"""Files for DistributedDataParallel and FSDP2, trained with by two processes: they stay alike, and resume exactly."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from distributed_run import Job, Record, Trainer, make_net, resumed, train_together
from export_cases import demo_with, planned, steps
from msgspec.structs import replace
from optimizer_cases import LION
from strategies import FUNCTIONS, run_export

from lrdesigner import edits
from lrdesigner.demos import demo_design
from lrdesigner.document import Batches, DecayExemption, Design, Freeze, LayerDecay, Model, Plan, Rule, new_design
from lrdesigner.export import ExportOptions, export
from lrdesigner.inventory import BufferInfo, Inventory, ModuleInfo, ParameterInfo
from lrdesigner.membership import membership
from lrdesigner.optimizers import OPTIMIZERS, AdamWOptions, CustomOptions, MuonOptions, SGDOptions
from lrdesigner.proof import metrics_of
from lrdesigner.schedules import Cosine, Linear, Plateau, RecordedTrace
from lrdesigner.tracks import frozen_stretches

pytestmark = [pytest.mark.torch, pytest.mark.timeout(300)]

PLAN = Plan(epoch=4, epochs=2)
REMAINDER, BLOCK, HEAD = 1, 2, 3
UNSPLIT = ("Adafactor", "LBFGS", "Rprop", "SparseAdam")
SHORT = 3


def inventory(kind: str) -> Inventory:
    model = make_net(kind)
    return Inventory(
        tuple(ModuleInfo(path, type(module).__name__) for path, module in model.named_modules()),
        tuple(ParameterInfo(n, tuple(p.shape), "float64", p.numel(), True) for n, p in model.named_parameters()),
        tuple(BufferInfo(n, tuple(b.shape), str(b.dtype).removeprefix("torch.")) for n, b in model.named_buffers()),
    )


def design_of(kind: str = "Net", *, block: dict[str, Any] | None = None, head: dict[str, Any] | None = None) -> Design:
    """AdamW for everything; the first block and the head are groups of their own, with other fields if given."""
    design = new_design(Model("net.py:Net", {}, inventory(kind)), PLAN)
    design = edits.add_group(design, "block", ["blocks.0"])
    design = edits.add_group(design, "head", ["module"])
    design = edits.set_schedule(edits.set_schedule(design, REMAINDER, Cosine()), HEAD, Linear(0.1, 1.0))
    rest, first, last = design.groups
    return replace(design, groups=(rest, replace(first, **(block or {})), replace(last, **(head or {}))))


def optimized(options: Any, *paths: str) -> Design:
    """AdamW for everything but these paths."""
    kind = "Sparse" if options.__struct_config__.tag == "SparseAdam" else "Net"
    design = edits.add_group(new_design(Model("net.py:Net", {}, inventory(kind)), PLAN), "second", paths)
    groups = (design.groups[0], replace(design.groups[1], options=options))
    return edits.set_schedule(replace(design, groups=groups), 2, Cosine())


def ruled() -> Design:
    """Layers, what gets no weight decay, and a rule by class: the file asks modules for theirs."""
    design = design_of(block={"freeze": (Freeze(steps(2), steps(3)),)})
    rest, block, head = design.groups
    rest = replace(rest, layer_decay=LayerDecay(0.5, 0.0, "blocks.#"), exempt=DecayExemption())
    rules = (
        Rule("normal", HEAD, "type=LayerNorm blocks.1.*"),
        Rule("mixing", HEAD, "type=Block blocks.1.mix*"),
        Rule("tables", BLOCK, "type:Embedding"),
    )
    return replace(design, groups=(rest, block, head), rules=rules)


def designs() -> dict[str, Design]:
    late, early = (Freeze(steps(5), steps(2)),), (Freeze(steps(0), steps(3)),)
    metric = RecordedTrace((2.0, 2.5, 2.25, 2.5))
    plateau = Plateau(0.5, 0, floor=0.01, every=steps(2), metric=metric)
    at_first = design_of(block={"freeze": early}, head={"freeze": early})
    return {
        "plain": design_of(),
        "thaw": design_of(block={"freeze": early}, head={"freeze": late}),
        "nothing_at_first": replace(at_first, groups=tuple(replace(g, freeze=early) for g in at_first.groups)),
        "one_never": design_of(block={"freeze": (Freeze(),)}),
        "one_never_one_thaws": design_of(block={"freeze": (Freeze(),)}, head={"freeze": early}),
        "two": design_of(
            block={"freeze": early, "weight_decay": Linear(1.0, 0.1)},
            head={"options": SGDOptions(), "momentum": Linear(1.0, 0.5)},
        ),
        "plateau": design_of(head={"lr": replace(design_of().groups[2].lr, schedule=plateau)}),
        "accumulated": design_of(block={"freeze": early}, head={"freeze": late}),
        "ruled": ruled(),
        "norms": design_of("Norms", block={"freeze": (Freeze(steps(2), steps(3)),)}),
        "scaled": design_of(block={"freeze": early}, head={"options": SGDOptions()}),
    }


def optimizer_designs() -> dict[str, Design]:
    """A design with each optimizer that only DDP can step, one with Muon, and one with all others, a tensor each."""
    found = {name: optimized(OPTIMIZERS[name].options(), "blocks", "module") for name in UNSPLIT}
    found["SparseAdam"] = optimized(OPTIMIZERS["SparseAdam"].options(), "tokens")
    found["Muon"] = optimized(MuonOptions(), "blocks.0.mix.weight", "blocks.1.mix.weight")
    return found | {"others": every_other_optimizer()}


def every_other_optimizer() -> Design:
    names = [name for name in OPTIMIZERS if name not in (*UNSPLIT, "Muon", "custom")]
    kinds = {name: OPTIMIZERS[name].options() for name in names}
    kinds["AdamW"] = AdamWOptions(fused=True, beta1=0.8)
    kinds["lion"] = CustomOptions("lion_of_mine.Lion", {"mode": "tanh"})
    design = new_design(Model("net.py:Net", {}, inventory("Net")), PLAN)
    tensors = [parameter.name for parameter in design.model.inventory.parameters]
    assert len(tensors) >= len(kinds)
    for name, tensor in zip(kinds, tensors, strict=False):
        design = edits.add_group(design, name, [tensor])
    groups = [replace(group, options=kinds[group.name]) for group in design.groups if group.name in kinds]
    return edits.set_schedule(replace(design, groups=(design.groups[0], *groups)), 2, Cosine())


DESIGNS, OPTIMIZED = designs(), optimizer_designs()
BOTH = [(target, name) for target in ("ddp", "fsdp") for name in DESIGNS]
CLOSE = [(t, n) for t, n in BOTH if n != "norms"] + [
    (t, n)
    for n in OPTIMIZED
    for t in ("ddp", "fsdp")
    if (t == "ddp" and n in UNSPLIT) or (t == "fsdp" and n not in UNSPLIT)
]
RESUMED = [(t, n) for t, n in BOTH if n not in ("scaled", "nothing_at_first", "accumulated", "ruled")]
SCRIPT = edits.set_plan(
    demo_with({"freeze": (Freeze(steps(0), steps(2)),)}),
    Plan(Batches(samples=40, batch_size=5, accumulation=2, devices=2), 2),
)
DATA = """
import torch
def dataset():
    images = torch.arange(40.0)[:, None, None, None].expand(40, 3, 32, 32)
    return torch.utils.data.TensorDataset(images / 40, torch.arange(40) % 10)
def loader():
    return torch.utils.data.DataLoader(dataset(), 5, shuffle=True)
"""


def job(target: str, name: str, folder: Path) -> Job:
    design = {**DESIGNS, **OPTIMIZED}[name]
    count = PLAN.total_steps if name in DESIGNS else SHORT
    return Job(
        name=name,
        target=target,
        text=export(design, options(target)),
        steps=count,
        net="Norms" if name == "norms" else "Sparse" if name == "SparseAdam" else "Net",
        accumulation=3 if name == "accumulated" else 1,
        metrics=metrics_of(design),
        spoiled=(1, 4, 5) if name == "scaled" else (),
        saved=folder / f"{target} {name}.pt" if (target, name) in RESUMED else None,
    )


def options(target: str) -> ExportOptions:
    return ExportOptions(target, "snippet", schedule_form=FUNCTIONS.schedule_form)


def script(target: str, data: str, folder: Path) -> str:
    return export(SCRIPT, ExportOptions(target, data=f"{folder / 'my_data.py'}:{data}"))


Found = list[dict[str, Any]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    made = tmp_path_factory.mktemp("processes")
    (made / "lion_of_mine.py").write_text(LION)
    (made / "my_data.py").write_text(DATA)
    sys.path.insert(0, str(made))
    yield made
    sys.path.remove(str(made))
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def found(folder: Path) -> Found:
    """What two processes found; they are started once."""
    jobs = [job(target, name, folder) for target, name in dict.fromkeys((*BOTH, *CLOSE))]
    scripts = {
        f"{target} {data}": script(target, data, folder) for target, data in (("ddp", "dataset"), ("fsdp", "loader"))
    }
    return train_together(jobs, scripts, folder)


@pytest.fixture
def alone() -> Iterator[None]:
    """This process as the only one."""
    import torch.distributed as dist

    dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
    yield
    dist.destroy_process_group()


def differences(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> dict[str, float]:
    assert one.keys() == other.keys()
    unlike = [name for name, value in one.items() if not np.array_equal(value, other[name])]
    return {name: float(np.abs(one[name] - other[name]).max()) for name in unlike}


def record(found: Found, rank: int, target: str, name: str, which: str = "straight") -> Record:
    recorded: Record = found[rank][f"{target} {name}"][which]
    return recorded


@pytest.mark.parametrize(("target", "name"), BOTH)
def test_every_process_has_the_designed_values_at_each_step_and_freezes_what_is_designed(
    found: Found, target: str, name: str
) -> None:
    design = DESIGNS[name]
    for rank in (0, 1):
        seen = record(found, rank, target, name)
        tracks = [values for values, stepped in zip(seen.tracks, seen.stepped, strict=True) if stepped]
        for group, track, near, values in planned(design, PLAN.total_steps):
            measured = np.array([at[group][track] for at in tracks])
            assert np.abs(measured - values).max() <= near, (rank, group, track)
        frozen = [names for names, stepped in zip(seen.frozen, seen.stepped, strict=True) if stepped]
        assert frozen == [frozen_at(design, step) for step in range(PLAN.total_steps)]


def frozen_at(design: Design, step: int) -> set[str]:
    frozen = [g for g in design.groups if any(a <= step < b for a, b in frozen_stretches(g.freeze, design.plan))]
    return {parameter.name for group in frozen for parameter in membership(design).trainable(group.id)}


@pytest.mark.parametrize(("target", "name"), BOTH)
def test_processes_keep_equal_weights(found: Found, target: str, name: str) -> None:
    first, second = (record(found, rank, target, name) for rank in (0, 1))
    moving = {key for key in first.weights[0] if "running" in key or "tracked" in key}
    for one, other in zip(first.weights, second.weights, strict=True):
        assert not differences(*({k: v for k, v in weights.items() if k not in moving} for weights in (one, other)))
    assert not differences(first.moments, second.moments)
    assert first.stepped == second.stepped


@pytest.mark.parametrize(("target", "name"), CLOSE)
def test_two_processes_train_as_one_does_on_the_batches_of_both(
    found: Found, folder: Path, target: str, name: str
) -> None:
    reference = Trainer(job("torch", name, folder), 0, 1)
    expected = reference.train(reference.job.steps)
    seen = record(found, 0, target, name)
    assert seen.stepped == expected.stepped
    near = 2e-3 if name == "Muon" else 1e-9  # which computes with 16 bits
    for one, other in zip(seen.weights, expected.weights, strict=True):
        assert max(differences(one, other).values(), default=0.0) <= near
    started = Trainer(reference.job, 0, 1).weights()
    assert differences(seen.weights[-1], started).keys() == started.keys() - set.intersection(*seen.frozen)


@pytest.mark.parametrize("target", ["ddp", "fsdp"])
def test_running_statistics_of_frozen_norms_stay_and_are_the_same_everywhere(found: Found, target: str) -> None:
    first, second = (record(found, rank, target, "norms") for rank in (0, 1))
    statistics = [name for name in first.weights[0] if "blocks.0.norm.running" in name]
    frozen = [step for step in range(PLAN.total_steps) if frozen_at(DESIGNS["norms"], step)]
    assert frozen == [2, 3, 4]
    for step in range(1, PLAN.total_steps):
        for name in statistics:
            now = first.weights[step][name]
            assert np.array_equal(now, first.weights[step - 1][name]) is (step in frozen)
            if step in frozen:
                assert np.array_equal(now, second.weights[step][name])


@pytest.mark.parametrize("target", ["ddp", "fsdp"])
def test_all_processes_skip_a_step_that_one_of_them_cannot_take(found: Found, target: str) -> None:
    for rank in (0, 1):
        stepped = record(found, rank, target, "scaled").stepped
        assert [attempt for attempt, done in enumerate(stepped) if not done] == [1, 4, 5]


@pytest.mark.parametrize(("target", "name"), RESUMED)
def test_a_run_resumed_in_the_middle_is_the_same_run(found: Found, target: str, name: str) -> None:
    for rank in (0, 1):
        straight, again = (record(found, rank, target, name, which) for which in ("straight", "resumed"))
        half = PLAN.total_steps // 2
        assert again.tracks == straight.tracks[half:]
        for one, other in zip(again.weights, straight.weights[half:], strict=True):
            left = {key: value for key, value in differences(one, other).items() if rank == 0 or "running" not in key}
            assert not left
        assert not differences(again.moments, straight.moments)


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize(("target", "name"), [(t, n) for t, n in RESUMED if n != "norms"])
def test_one_process_goes_on_where_two_were(found: Found, folder: Path, target: str, name: str) -> None:
    straight, half = record(found, 0, target, name), PLAN.total_steps // 2
    again = resumed(job(target, name, folder), 0, 1)
    assert again.tracks == straight.tracks[half:]
    for one, other in zip(again.weights, straight.weights[half:], strict=True):
        assert max(differences(one, other).values(), default=0.0) <= 1e-9


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize(("target", "other"), [("ddp", "fsdp"), ("fsdp", "ddp")])
def test_a_checkpoint_of_one_target_is_good_for_the_other(found: Found, folder: Path, target: str, other: str) -> None:
    straight, half = record(found, 0, target, "two"), PLAN.total_steps // 2
    going_on = Job(**{**vars(job(other, "two", folder)), "saved": job(target, "two", folder).saved})
    again = resumed(going_on, 0, 1)
    assert max(differences(again.weights[-1], straight.weights[-1]).values(), default=0.0) <= 1e-9
    assert again.tracks == straight.tracks[half:]


@pytest.mark.usefixtures("alone")
def test_parameters_that_freeze_under_fsdp_are_whole_only_while_the_model_runs(folder: Path) -> None:
    import torch
    from torch.distributed.tensor import DTensor

    trainer = Trainer(job("fsdp", "nothing_at_first", folder), 0, 1)
    with torch.no_grad():
        trainer.model(torch.arange(7))
    assert all(isinstance(parameter, DTensor) for parameter in trainer.model.parameters())


@pytest.mark.parametrize("name", ["ddp dataset", "fsdp loader"])
def test_the_script_under_torchrun_shares_the_data_out_and_the_first_process_tells(found: Found, name: str) -> None:
    import torch

    taken = [torch.cat(seen[name]["taken"])[:, 0, 0, 0].mul(40).round().int().tolist() for seen in found]
    for epoch in range(2):
        halves = [one[20 * epoch : 20 * (epoch + 1)] for one in taken]
        assert sorted(halves[0] + halves[1]) == list(range(40))
    assert taken[0][:20] != taken[0][20:]
    assert steps_told(found[0][name]["printed"]) == [f"step {step}" for step in range(SCRIPT.plan.total_steps)]
    assert found[1][name]["printed"] == ""


def steps_told(printed: str) -> list[str]:
    return [line.split(":")[0] for line in printed.splitlines() if line.startswith("step ")]


@pytest.mark.parametrize("target", ["ddp", "fsdp"])
def test_the_script_runs_by_itself_too(target: str, capsys: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run_export(export(demo_design(), ExportOptions(target)))["main"]()
    printed = capsys.readouterr().out
    assert "  head: 850 parameters, base lr 0.004\n    classifier.5.weight\n" in printed
    assert steps_told(printed) == [f"step {step}" for step in range(5)]
