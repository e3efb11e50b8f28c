"""The length of training: what one pass takes, and what follows when it changes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrdesigner import edits
from lrdesigner.curves import breakpoints, track_values
from lrdesigner.design_file import decode, encode
from lrdesigner.document import Batches, Design, Model, Plan, Track, new_design
from lrdesigner.errors import InvalidValueError, UserError
from lrdesigner.plot_points import plot_points
from lrdesigner.schedules import (
    REST,
    Constant,
    Cosine,
    Length,
    Linear,
    MultiStep,
    Segment,
    Sequence,
    StepDecay,
    in_unit,
    resolve,
    segment_starts,
)
from lrdesigner.tracks import Lane


def batches() -> st.SearchStrategy[Batches]:
    sizes = st.tuples(st.integers(1, 5000), st.integers(1, 64), st.integers(1, 9), st.integers(1, 8), st.booleans())

    def fits(size: tuple[int, int, int, int, bool]) -> bool:
        samples, batch_size, _, devices, drop_last = size
        return not drop_last or -(-samples // devices) >= batch_size

    return sizes.filter(fits).map(lambda size: Batches(*size))


@pytest.mark.torch
@settings(max_examples=80, deadline=None)
@given(batches())
def test_the_steps_of_a_pass_are_those_of_torchs_loader_and_distributed_sampler(data: Batches) -> None:
    from torch.utils.data import DataLoader, DistributedSampler

    samples = range(data.samples)
    sampler: Any = DistributedSampler(samples, num_replicas=data.devices, rank=0)  # type: ignore[arg-type, var-annotated]
    loader: Any = DataLoader(
        samples,  # type: ignore[arg-type]
        batch_size=data.batch_size,
        sampler=sampler if data.devices > 1 else None,
        drop_last=data.drop_last,
    )
    updates = -(-len(loader) // data.accumulation)
    assert data.steps == updates


def test_batches_that_make_no_step_or_too_many_are_refused() -> None:
    with pytest.raises(InvalidValueError, match="Drop last"):
        Batches(samples=10, batch_size=11, drop_last=True)
    with pytest.raises(InvalidValueError, match="at most 10,000,000"):
        Batches(samples=10**12, batch_size=1)
    with pytest.raises(UserError, match="Batch size must be at least 1, not 0"):
        edits.set_batches(new_design(Model()), batch_size=0)


def test_the_steps_follow_from_batches_once_they_are_given() -> None:
    design = edits.set_batches(new_design(Model(), Plan(100, 7)), samples=50_000, batch_size=128)
    assert design.plan == Plan(Batches(samples=50_000, batch_size=128), 7)
    assert (design.plan.steps_per_epoch, design.plan.total_steps) == (391, 7 * 391)
    halved = edits.set_batches(design, accumulation=2)
    assert halved.plan.steps_per_epoch == 196
    assert edits.set_batches(halved, accumulation=2) is halved
    assert decode(encode(halved), "file") == halved


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 400), st.integers(1, 30), st.integers(1, 400), st.integers(1, 30))
def test_another_length_of_the_run_moves_what_is_relative_and_leaves_what_is_absolute(
    steps: int, epochs: int, new_steps: int, new_epochs: int
) -> None:
    schedule = Sequence(
        (
            Segment(Linear(), Length(7, "steps")),
            Segment(Constant(), Length(2, "epochs")),
            Segment(Constant(), Length(30, "percent")),
            Segment(Cosine(), REST),
        )
    )
    design = edits.set_schedule(new_design(Model(), Plan(steps, epochs)), 1, schedule)
    changed = edits.set_plan(design, Plan(new_steps, new_epochs))
    assert changed.groups is design.groups
    starts = segment_starts(schedule, changed.plan.span)
    total = new_steps * new_epochs
    assert starts[1] == 7
    assert starts[2] - starts[1] == 2 * new_steps
    assert abs((starts[3] - starts[2]) - 0.3 * total) <= 0.5
    assert starts[4] == max(total, starts[3])


@settings(max_examples=100, deadline=None)
@given(
    st.integers(1, 10**7),
    st.integers(1, 1000),
    st.sampled_from(["steps", "epochs", "percent"]),
    st.integers(0, 10**10),
)
def test_another_unit_of_a_length_keeps_its_steps(per_epoch: int, epochs: int, unit: Any, wanted: int) -> None:
    span = Plan(per_epoch, epochs).span
    steps = min(wanted, span.run_steps)
    assert resolve(in_unit(steps, unit, span), span) == steps


def test_a_run_of_ten_trillion_steps_is_exact_at_its_boundaries() -> None:
    plan = Plan(10_000_000, 1_000_000)
    late = plan.total_steps - 12_345
    schedule = Sequence(
        (Segment(Constant(), Length(float(late), "steps")), Segment(StepDecay(Length(1_000.0, "steps"))))
    )
    track = Track(1.0, schedule)
    around = late + np.array([-1, 0, 999, 1000, 1001, 12_344])
    assert track_values(track, plan, around).tolist() == [1, 1, 1, 0.5, 0.5, 0.5**12]
    points = plot_points(Lane(track), plan, 0, plan.total_steps)
    assert {late, late + 1000, late + 999} <= set(points.steps.tolist())
    assert set(breakpoints(track, plan).tolist()) >= {late, late + 1000}


def test_milestones_in_epochs_stay_at_epoch_ends_for_any_batch_size() -> None:
    design = edits.set_schedule(
        edits.set_batches(new_design(Model(), Plan(1, 90)), samples=1_281_167, batch_size=32, devices=8),
        1,
        MultiStep((Length(30, "epochs"), Length(60, "epochs")), 0.1),
    )
    _at_epochs(design)
    _at_epochs(edits.set_batches(design, batch_size=64))


def _at_epochs(design: Design) -> None:
    per_epoch = design.plan.steps_per_epoch
    assert breakpoints(design.group(1).lr, design.plan).tolist() == [30 * per_epoch, 60 * per_epoch]
