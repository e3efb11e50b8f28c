"""Verification resumes a run where it is easily lost, and finds a file that does not do it right."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from export_cases import CASES, demo_with
from recorder import Recorder

from lrdesigner import edits
from lrdesigner.child.verify_job import verify
from lrdesigner.demos import demo_design
from lrdesigner.document import Design, Plan
from lrdesigner.export import DEFAULT_OPTIONS, TARGETS, ExportOptions, export
from lrdesigner.jobs.protocol import Resumed, encode_request
from lrdesigner.optimizers import AdamWOptions
from lrdesigner.proof import verify_request
from lrdesigner.resuming import resumes
from lrdesigner.schedules import Cosine, StepDecay
from lrdesigner.verification import Verifier, report_taker, resumed_words

pytestmark = pytest.mark.torch

COUNT = iter(range(1000))
DEMO = edits.set_plan(demo_design(), Plan(10, 4))
DESIGNS: dict[str, Design] = {
    "demo": DEMO,
    "two": edits.set_optimizer(DEMO, 2, "SGD"),
    "lbfgs": edits.set_optimizer(DEMO, 2, "LBFGS"),
    "adagrad": edits.set_optimizer(DEMO, 2, "Adagrad"),
    "native": edits.set_schedule(edits.set_schedule(DEMO, 1, Cosine()), 2, Cosine()),
    "native_steps": edits.set_schedule(edits.set_schedule(DEMO, 1, StepDecay()), 2, StepDecay()),
    **{name: CASES[name] for name in ("weight_decay", "betas", "thaw", "both_frozen_at_first", "plateau_of_one")},
}


def resumed(
    design: Design,
    folder: Path,
    options: ExportOptions = DEFAULT_OPTIONS,
    change: Callable[[str], str] | None = None,
    channel: Recorder | None = None,
) -> tuple[list[Resumed], tuple[str, ...]]:
    """What the child reports of resumed runs, and the problems of the whole verdict."""
    import torch

    torch.set_num_threads(1)
    text = export(design, options)
    changed = change(text) if change else text
    assert (changed != text) == (change is not None)
    file = folder / f"rates_{next(COUNT)}.py"
    file.write_text(changed)
    channel = channel or Recorder()
    verify(json.loads(encode_request(verify_request(design, file, options))), channel)
    verifier = Verifier(design, options)
    take = report_taker(verifier, lambda _: None)
    for report in channel.reports:
        take(report)
    return [report for report in channel.reports if isinstance(report, Resumed)], verifier.verdict().problems


@pytest.mark.parametrize("name", DESIGNS)
def test_a_resumed_run_is_the_uninterrupted_one(name: str, tmp_path: Path) -> None:
    found, problems = resumed(DESIGNS[name], tmp_path)
    assert problems == ()
    assert [(report.step, report.step + report.steps) for report in found] == list(resumes(DESIGNS[name]))
    assert {(report.problem, report.untried, report.whole) for report in found} == {("", "", True)}


@pytest.mark.parametrize("target", [name for name, target in TARGETS.items() if not target.packages])
@pytest.mark.parametrize("options", [ExportOptions(form="snippet"), ExportOptions(tensor_lr=True)])
def test_so_it_is_with_the_files_of_targets_that_need_torch_alone(
    target: str, options: ExportOptions, tmp_path: Path
) -> None:
    found, problems = resumed(DEMO, tmp_path, options.for_target(target))
    assert problems == ()
    assert resumed_words(found[0]) == (
        "Resumed at step 20: weights, rates and options are equal to the last bit after 10 more steps."
    )


OPTIMIZER = '    optimizer.load_state_dict(state["optimizer"])\n'
SCHEDULER = "    scheduler.load_state_dict(known)\n"
ONLY_STATE = """    kept = [{k: v for k, v in g.items() if k != "params"} for g in optimizer.param_groups]
    optimizer.load_state_dict(state["optimizer"])
    for group, options in zip(optimizer.param_groups, kept):
        group.update(options)
"""
FAULTS = {
    "no_optimizer_state": ("demo", OPTIMIZER, "", "lr of group 'backbone' is "),
    "no_schedule": ("demo", SCHEDULER, "", "lr of group 'backbone' is "),
    "no_schedule_of_torch": ("native", SCHEDULER, "", "lr of group 'backbone' is "),
    "options_of_the_file": ("weight_decay", OPTIMIZER, ONLY_STATE, "of group 'backbone' is "),
    "moments_forgotten": (
        "demo",
        OPTIMIZER,
        f'{OPTIMIZER}    for kept in optimizer.state.values():\n        kept["exp_avg"].zero_()\n',
        "the weight features.0.weight differs after step 29.",
    ),
    "a_sum_that_shows_late": (
        "demo",
        OPTIMIZER,
        f'{OPTIMIZER}    for kept in optimizer.state.values():\n        kept["step"] += 1\n',
        "differs after step 29.",
    ),
    "a_metric_forgotten": ("plateau_of_one", '    "best",\n', "", "the best of ReduceLROnPlateau is "),
    "an_error": ("demo", OPTIMIZER, "    raise KeyError('optimizer')\n", "load_state failed: KeyError: 'optimizer'."),
    "an_unsafe_checkpoint": (
        "demo",
        'return {"optimizer": ',
        'return {"rates": LR_FACTORS, "optimizer": ',
        "Reading what save_state gave failed: UnpicklingError",
    ),
    "no_load_state": ("demo", "def load_state(", "def load_nothing(", "it has no function load_state."),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_file_that_forgets_a_part_is_found(fault: str, tmp_path: Path) -> None:
    name, before, after, words = FAULTS[fault]
    found, problems = resumed(DESIGNS[name], tmp_path, change=lambda text: text.replace(before, after))
    wrong = [report for report in found if report.problem]
    assert any(words in report.problem for report in wrong), found
    assert problems == tuple(f"Resumed at step {report.step}: {report.problem}" for report in wrong)


def test_of_a_large_model_cuts_are_trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lrdesigner.child.stand_ins.MOST_NUMBERS", 9)
    found, problems = resumed(DEMO, tmp_path)
    assert problems == ()
    assert resumed_words(found[0]) == (
        "Resumed at step 20: weights (small cuts of them), rates and options are equal to the last bit "
        "after 10 more steps."
    )
    found, problems = resumed(DEMO, tmp_path, change=lambda text: text.replace(OPTIMIZER, ""))
    assert found[0].problem


def test_an_optimizer_that_cannot_step_here_is_no_failure_of_the_file(tmp_path: Path) -> None:
    design = demo_with({"options": AdamWOptions(capturable=True)})
    found, problems = resumed(design, tmp_path)
    assert problems == ()
    assert "capturable" in resumed_words(found[0])


class Impatient(Recorder):
    """Asks to stop as soon as a run is being resumed."""

    def send(self, kind: str, fields: Mapping[str, Any]) -> None:
        super().send(kind, fields)
        if kind == "progress" and fields["stage"] == "resuming":
            self.stop.set()


def test_a_stop_ends_the_resumed_run(tmp_path: Path) -> None:
    found, problems = resumed(DEMO, tmp_path, channel=Impatient())
    assert found == []
    assert problems == ("Resuming at step 20 was not seen.",)
