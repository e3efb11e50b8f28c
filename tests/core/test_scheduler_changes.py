"""Going on with a checkpoint where the design has got another kind of scheduler by now, or rates as tensors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from export_cases import CASES, demo_with, small, steps
from strategies import Training

from lrdesigner.curves import values_at
from lrdesigner.document import Design, Track
from lrdesigner.errors import UserError
from lrdesigner.export import DEFAULT_OPTIONS, ExportOptions, export
from lrdesigner.param_groups import param_groups
from lrdesigner.schedules import (
    REST,
    Cosine,
    Exponential,
    Length,
    Linear,
    OneCycle,
    Segment,
    Sequence,
    StepDecay,
)

WARMED = Sequence((Segment(Linear(0.5, 1.0), steps(50)), Segment(Cosine(), REST)))
STAIRS = StepDecay(Length(1, "epochs"), 0.5)
CHANGES = [(Cosine(), WARMED), (OneCycle(), WARMED), (WARMED, Cosine()), (WARMED, OneCycle()), (Cosine(), STAIRS)]


def both(schedule: Any) -> Design:
    return small(demo_with({"lr": Track(1e-3, schedule)}, {"lr": Track(4e-3, schedule)}))


def checkpoint(design: Design, options: ExportOptions = DEFAULT_OPTIONS) -> Any:
    training = Training(design, options)
    training.train(37)
    return training.checkpoint()


@pytest.mark.torch
@pytest.mark.parametrize(("before", "after"), CHANGES, ids=lambda shape: type(shape).__name__)
def test_another_scheduler_goes_on_from_the_step_only_with_the_files_own_numbers(before: Any, after: Any) -> None:
    saved, design = checkpoint(both(before)), both(after)
    with pytest.raises(ValueError, match="the checkpoint is of another scheduler"):
        Training(design, DEFAULT_OPTIONS).resume(saved)
    training = Training(design, DEFAULT_OPTIONS)
    training.resume(saved, apply_edits=True)
    training.train(60)
    groups = [group for found in param_groups(design) for group in found]
    wanted = np.stack([values_at(group, design.plan, np.arange(37, 97))["lr"] for group in groups], axis=1)
    assert np.abs(np.array(training.rates) - wanted).max() <= 1e-9 * 4e-3
    again = Training(design, DEFAULT_OPTIONS)
    again.resume(training.checkpoint())  # which is of this scheduler alone by now
    again.train(1)
    training.train(1)
    assert again.rates[-1] == training.rates[-1]


@pytest.mark.torch
def test_a_scheduler_that_counted_metrics_tells_no_step() -> None:
    plateau = Training(CASES["plateau"], DEFAULT_OPTIONS)
    saved = {"weights": plateau.model.state_dict(), "states": [plateau.exported["save_state"](*plateau.pairs[0])]}
    with pytest.raises(ValueError, match="the checkpoint is of another scheduler"):
        Training(demo_with({}), DEFAULT_OPTIONS).resume(saved, apply_edits=True)


@pytest.mark.torch
@pytest.mark.parametrize("saved_as_tensors", [False, True])
@pytest.mark.parametrize("apply_edits", [False, True])
def test_what_was_compiled_with_its_tensors_keeps_them(saved_as_tensors: bool, apply_edits: bool) -> None:
    import torch

    saved = checkpoint(both(WARMED), ExportOptions(schedule_form="functions", tensor_lr=saved_as_tensors))
    straight = Training(both(WARMED))
    straight.train(50)
    training = Training(both(WARMED), ExportOptions(tensor_lr=True))
    tensors = [group["lr"] for group in training.pairs[0][0].param_groups]
    training.resume(saved, apply_edits=apply_edits)
    for expected in straight.rates[37:]:
        found = [group["lr"] for group in training.pairs[0][0].param_groups]
        assert all(isinstance(lr, torch.Tensor) and lr is known for lr, known in zip(found, tensors, strict=True))
        assert [float(lr) for lr in found] == pytest.approx(expected, rel=1e-15)
        training.train(1)


def test_a_rate_that_grows_beyond_all_numbers_is_refused_in_every_form() -> None:
    for options in (DEFAULT_OPTIONS, ExportOptions(schedule_form="functions")):
        with pytest.raises(UserError, match="lr of 'backbone' is not a finite number at step 309"):
            export(both(Exponential(10.0, steps(1))), options)


def test_a_function_has_no_limit_where_no_step_lies_beyond_and_one_where_some_do() -> None:
    options = ExportOptions(form="snippet", schedule_form="functions")
    assert "math.pi * (step / 450))" in export(both(Cosine()), options)
    assert "math.pi * min(step / 200, 1.0))" in export(both(Cosine(length=steps(200))), options)
    assert "0.5 * (step / 50)" in export(both(WARMED), options)
