"""Verification resumes a run in the middle, and finds a file that does not do it right."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from export_cases import CASES, small
from strategies import torch_model

from lrdesigner import edits
from lrdesigner.child.exported import import_exported
from lrdesigner.child.resumed_run import resume, with_weights
from lrdesigner.demos import demo_design
from lrdesigner.document import Design
from lrdesigner.export import DEFAULT_OPTIONS, TARGETS, ExportOptions, export
from lrdesigner.proof import metrics_of
from lrdesigner.schedules import Cosine

pytestmark = pytest.mark.torch

COUNT = iter(range(1000))
DESIGNS: dict[str, Design] = {
    "demo": demo_design(),
    "two": edits.set_optimizer(demo_design(), 2, "SGD"),
    "lbfgs": edits.set_optimizer(demo_design(), 2, "LBFGS"),
    "native": edits.set_schedule(edits.set_schedule(demo_design(), 1, Cosine()), 2, Cosine()),
    **{name: CASES[name] for name in ("weight_decay", "betas", "thaw", "both_frozen_at_first", "plateau")},
}


def resumed(
    design: Design,
    folder: Path,
    options: ExportOptions = DEFAULT_OPTIONS,
    change: Callable[[str], str] = lambda text: text,
) -> dict[str, Any]:
    import torch

    text = export(design, options)
    file = folder / f"rates_{next(COUNT)}.py"
    file.write_text(change(text))
    assert change(text) != text or change("x") == "x"
    given = metrics_of(design)

    def metric(place: int, every: int, done: int) -> float | None:
        values = given[place] if place < len(given) else ()
        return float(values[done // every - 1]) if done // every - 1 < len(values) else None

    with torch.device("meta"):
        model = torch_model(design.model.inventory)
    return resume(import_exported(str(file)), model, design.plan.total_steps, metric, lambda: False)


@pytest.mark.parametrize("name", DESIGNS)
def test_a_resumed_run_is_the_uninterrupted_one(name: str, tmp_path: Path) -> None:
    assert resumed(small(DESIGNS[name]), tmp_path) == {"step": 225, "steps": 4}


@pytest.mark.parametrize("target", [name for name, target in TARGETS.items() if not target.packages])
def test_so_it_is_with_the_files_of_targets_that_need_torch_alone(target: str, tmp_path: Path) -> None:
    assert resumed(small(demo_design()), tmp_path, ExportOptions(target, "snippet")) == {"step": 225, "steps": 4}


FAULTS = {
    "no_optimizer_state": ('    optimizer.load_state_dict(state["optimizer"])\n', "", "the weights of"),
    "no_schedule": ('    scheduler.load_state_dict(state["scheduler"])\n', "", "the lr of"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_file_that_forgets_a_part_of_the_state_is_found(fault: str, tmp_path: Path) -> None:
    before, after, words = FAULTS[fault]
    found = resumed(small(demo_design()), tmp_path, change=lambda text: text.replace(before, after))
    assert found["difference"].startswith(words)
    assert found["step"] == 225


def test_a_model_too_large_for_weights_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lrdesigner.child.resumed_run.MOST_NUMBERS", 9)
    assert resumed(small(demo_design()), tmp_path) == {
        "reason": "the model has 10 parameters, and at most 9 are given weights for it"
    }


def test_tied_weights_stay_tied() -> None:
    import torch

    with torch.device("meta"):
        model = torch.nn.Module()
        model.first, model.second = torch.nn.Linear(2, 2), torch.nn.Linear(2, 2)
    model.second.weight = model.first.weight
    copied: Any = with_weights(model)
    assert copied.first.weight is copied.second.weight
    assert copied.first.weight.device.type == "cpu"
