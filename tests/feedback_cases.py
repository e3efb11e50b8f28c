"""Random schedules that a metric steers, with traces that make them act."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from lrdesigner.document import Plan
from lrdesigner.schedules import Absolute, AssumedTrace, Greedy, Length, Plateau, RecordedTrace


def feedback_plans() -> st.SearchStrategy[Plan]:
    return st.builds(Plan, epoch=st.integers(1, 12), epochs=st.integers(1, 25))


def rhythms() -> st.SearchStrategy[Length]:
    return st.sampled_from(
        [
            Length(1.0, "epochs"),
            Length(1.0, "steps"),
            Length(3.0, "steps"),
            Length(0.5, "epochs"),
            Length(2.0, "percent"),
        ]
    )


def traces() -> st.SearchStrategy[Any]:
    """Jagged and level ones, with equal values and negative ones, and the assumed kind."""
    levels = st.sampled_from([-1.0, 0.0, 0.5, 0.99, 0.9999, 1.0, 1.00005, 1.0001, 2.0])
    values = st.lists(st.one_of(levels, st.floats(-3, 3)), min_size=1, max_size=80)
    metrics = st.floats(-3, 3)
    times = st.sampled_from([Length(1.0, "steps"), Length(5.0, "percent"), Length(30.0, "percent")])
    return st.one_of(
        st.builds(RecordedTrace, values.map(tuple)), st.builds(AssumedTrace, start=metrics, end=metrics, time=times)
    )


def _common() -> dict[str, st.SearchStrategy[Any]]:
    few = st.integers(0, 4)
    return {
        "patience": few,
        "cooldown": few,
        "mode": st.sampled_from(["min", "max"]),
        "threshold": st.sampled_from([0.0, 1e-6, 1e-4, 0.1, 2.0]),
        "threshold_mode": st.sampled_from(["rel", "abs"]),
        "eps": st.sampled_from([0.0, 1e-8, 1e-5, 0.02]),
        "every": rhythms(),
        "metric": traces(),
    }


def plateaus() -> st.SearchStrategy[Plateau]:
    floors = st.sampled_from([0.0, 0.05, 0.3, Absolute(1e-4), Absolute(0.02)])
    return st.builds(Plateau, factor=st.sampled_from([0.1, 0.5, 0.93]), floor=floors, **_common())


def greedys() -> st.SearchStrategy[Greedy]:
    return st.builds(
        Greedy,
        factor=st.sampled_from([0.3, 0.5, 0.95]),
        warmup=st.integers(0, 3),
        floor=st.sampled_from([0.0, 0.2, 1.0, Absolute(1e-3), Absolute(0.05)]),
        ceiling=st.sampled_from([1.0, 3.0, Absolute(0.2), Absolute(1e-3)]),
        smooth=st.booleans(),
        window=st.integers(1, 6),
        reset_start=st.integers(0, 5),
        **_common(),
    )
