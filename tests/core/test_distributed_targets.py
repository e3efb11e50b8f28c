"""Files for DistributedDataParallel and FSDP2, in two real processes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from export_cases import steps
from msgspec.structs import replace

from lrdesigner import edits
from lrdesigner.curves import values_at
from lrdesigner.document import Design, Freeze, Model, Plan, Track, new_design
from lrdesigner.errors import UserError
from lrdesigner.export import ExportOptions, export
from lrdesigner.inventory import Inventory, ModuleInfo, ParameterInfo
from lrdesigner.param_groups import param_groups, steering
from lrdesigner.schedules import Cosine, Linear, Plateau

pytestmark = [pytest.mark.torch, pytest.mark.timeout(300)]

SCRIPT = Path(__file__).parents[1] / "distributed_run.py"
SHAPES = {"body.0.weight": (8, 4), "body.0.bias": (8,), "body.1.weight": (8,), "body.1.bias": (8,)}
TYPES = {
    "": "Net",
    "body": "Sequential",
    "body.0": "Linear",
    "body.1": "BatchNorm1d",
    "body.2": "ReLU",
    "head": "Linear",
}
STEPS, MIDDLE = 12, 7


def net_design() -> Design:
    shapes = {**SHAPES, "head.weight": (2, 8), "head.bias": (2,)}
    parameters = tuple(
        ParameterInfo(name, shape, "float32", int(np.prod(shape)), True) for name, shape in shapes.items()
    )
    modules = tuple(ModuleInfo(path, kind) for path, kind in TYPES.items())
    design = new_design(Model("", {}, Inventory(modules, parameters)), Plan(6, 2))
    design = edits.add_group(design, "head", ["head"])
    design = edits.set_schedule(design, 1, Linear(0.1, 1.0))
    return edits.set_base_lr(design, 1, 1e-2)


def frozen(design: Design, group: int, *freeze: Freeze) -> Design:
    return replace(
        design, groups=tuple(replace(g, freeze=freeze if g.id == group else g.freeze) for g in design.groups)
    )


THAWS = Freeze(steps(2), steps(3))
PLAIN = net_design()
THREE = edits.add_group(PLAIN, "norm", ["body.1"])
CASES = {
    "plain": PLAIN,
    "thaw": frozen(frozen(PLAIN, 1, Freeze(steps(0), steps(4))), 2, THAWS),
    "never": frozen(PLAIN, 1, Freeze()),
    "never_and_thaw": frozen(frozen(THREE, 1, Freeze()), 3, Freeze(steps(0), steps(4))),
    "two": edits.set_optimizer(edits.set_schedule(PLAIN, 2, Cosine()), 2, "SGD"),
    "plateau": replace(
        PLAIN,
        groups=tuple(
            replace(group, lr=Track(1e-2, Plateau(0.5, 0, threshold=0.5, every=steps(2)))) for group in PLAIN.groups
        ),
    ),
}


@pytest.fixture(scope="module", params=["ddp", "fsdp"])
def reports(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What both processes held, for every case, in one pair of processes."""
    folder = tmp_path_factory.mktemp(request.param)
    for name, design in CASES.items():
        options = ExportOptions(request.param, "snippet", schedule_form="functions")
        (folder / f"case_{name}.py").write_text(export(design, options))
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", str(SCRIPT)]
    done = subprocess.run([*command, str(folder)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return [json.loads((folder / f"rank{rank}.json").read_bytes()) for rank in range(2)]


@pytest.mark.parametrize("name", CASES)
def test_every_process_uses_the_designed_rates_and_holds_the_same_weights(
    reports: list[dict[str, Any]], name: str
) -> None:
    first, second = (report[f"case_{name}"] for report in reports)
    assert first["rates"] == second["rates"]
    assert first["weights"] == second["weights"]
    for group in (group for found in param_groups(CASES[name]) for group in found):
        measured = [row[group.name] for row in first["rates"]]
        if steering(group.group) is not None:
            assert min(measured) < max(measured)  # the metric did steer, and both alike
            continue
        planned = values_at(group, CASES[name].plan, np.arange(STEPS))["lr"]
        assert np.max(np.abs(np.array(measured) - planned)) <= 1e-12 * group.group.lr.base


@pytest.mark.parametrize("name", CASES)
def test_a_run_resumed_in_the_middle_is_the_same_run(reports: list[dict[str, Any]], name: str) -> None:
    for report in (report[f"case_{name}"] for report in reports):
        assert report["resumed"] == report["rates"][MIDDLE:]
        assert report["resumed_weights"] == report["weights"]


def test_what_never_trains_stays_and_the_others_move(reports: list[dict[str, Any]]) -> None:
    plain, never = (reports[0][f"case_{name}"] for name in ("plain", "never"))
    assert never["statistics"] == [0.0] * 8
    assert plain["statistics"] != [0.0] * 8
    assert never["weights"]["head.weight"] != plain["weights"]["head.weight"]
    assert never["weights"]["body.1.weight"] == [1.0] * 8
    assert plain["weights"]["body.1.weight"] != [1.0] * 8


@pytest.mark.parametrize("target", ["ddp", "fsdp"])
def test_a_script_trains_alone_too(target: str, tmp_path: Path) -> None:
    from lrdesigner.demos import demo_design

    (tmp_path / "rates.py").write_text(export(demo_design(), ExportOptions(target)))
    done = subprocess.run([sys.executable, "rates.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "step 4: loss " in done.stdout


@pytest.mark.parametrize("optimizer", ["LBFGS", "Adafactor", "Rprop", "SparseAdam"])
def test_optimizers_that_need_whole_tensors_are_refused_for_sharding(optimizer: str) -> None:
    with pytest.raises(UserError, match=f"{optimizer} does not work on sharded parameters"):
        export(edits.set_optimizer(PLAIN, 2, optimizer), ExportOptions("fsdp"))
    with pytest.raises(UserError, match="LBFGS computes the loss anew"):
        export(edits.set_optimizer(PLAIN, 2, "LBFGS"), ExportOptions("ddp"))
