"""Random schedules for property tests: every shape, with edge values, and trees of them."""

from __future__ import annotations

from functools import cache
from typing import Any

from hypothesis import strategies as st

from lrdesigner.schedules import (
    REST,
    Absolute,
    Anneal,
    Clamp,
    Constant,
    Cosine,
    CosineRestarts,
    CosineWaves,
    Cyclic,
    Exponential,
    Expression,
    FlatCosine,
    HardRestarts,
    InverseSqrt,
    InverseTime,
    Keyframe,
    Keyframes,
    Length,
    Linear,
    LogWarmup,
    Multiplicative,
    MultiStep,
    Noam,
    OneCycle,
    OneCycleMomentum,
    OneMinusSqrt,
    Polynomial,
    Product,
    Repeat,
    Rex,
    Segment,
    Sequence,
    Sigmoid,
    SlantedTriangular,
    StepDecay,
    Tanh,
    WarmupStableDecay,
)
from lrdesigner.schedules.composites import NOTHING

# Finite and not negative at every step, also past the end of their segment.
FORMULAS = (
    "0.95 ** epoch",
    "1 / (1 + step)",
    "max(0, 1 - progress)",
    "1 if step < 10 else 0.5",
    "0.5 * (1 + cos(pi * min(progress, 1)))",
    "step % 7 / 7 + 0.1",
    "(epoch + 1) ** -0.5",
    "exp(-progress) if epoch >= 2 and step != 30 else sqrt(2)",
)
MULTIPLIERS = ("0.99", "1 - 0.01 * (step % 3)", "1.02 if epoch < 2 else 0.9", "1 / (1 + 0.1 * progress)")


@cache
def lengths(*, calm: bool = False) -> st.SearchStrategy[Length]:
    """Any lengths; calm ones let nothing but a jump change a curve much within a thousandth of the run."""
    if calm:
        return st.one_of(st.just(REST), st.sampled_from([2.0, 7.0, 33.3, 90.0]).map(lambda n: Length(n, "percent")))
    return st.one_of(
        st.just(REST),
        st.integers(0, 400).map(lambda n: Length(float(n), "steps")),
        st.floats(0, 10, width=16).map(lambda n: Length(n, "epochs")),
        st.floats(0, 120, width=16).map(lambda n: Length(n, "percent")),
    )


def fractions(low: float = 0.0, high: float = 1.0) -> st.SearchStrategy[float]:
    """Factors as people choose them: not so small that their logarithm matters."""
    return st.one_of(
        st.sampled_from([float(low), float(high)]), st.integers(0, 1000).map(lambda n: low + (high - low) * n / 1000)
    )


def levels(low: float = 0.0, high: float = 1.0) -> st.SearchStrategy[Any]:
    """Fractions of the peak, and absolute values around and far from any base value."""
    absolute = st.sampled_from([0.0, 1e-6, 1e-4, 0.02, 0.5]).map(Absolute)
    return st.one_of(fractions(low, high), fractions(low, high), absolute)


@cache
def shapes(*, calm: bool = False) -> st.SearchStrategy[Any]:
    """Every shape that is no composite and follows no metric, with edge values."""
    families = (decays, ramps, whole_runs, cycles, free_shapes)
    return st.one_of(*(family(calm=calm) for family in families))


@cache
def decays(*, calm: bool = False) -> st.SearchStrategy[Any]:
    over = lengths(calm=calm)
    gammas = fractions(0.05, 1.1)
    return st.one_of(
        st.builds(Constant, factor=fractions(0, 3)),
        st.builds(StepDecay, every=over, gamma=gammas),
        st.builds(MultiStep, milestones=st.lists(over, min_size=1, max_size=5).map(tuple), gamma=gammas),
        st.builds(Exponential, gamma=gammas, every=over, stairs=st.booleans()),
        st.builds(
            InverseTime,
            rate=st.sampled_from([1e-9, 0.5, 1.0, 3.0, 1e6]),
            every=over,
            stairs=st.booleans(),
            power=st.sampled_from([1.0, 0.5, 0.75, 0.01, 10.0]),
        ),
        st.builds(InverseSqrt, timescale=over),
        st.builds(Noam, warmup=over),
    )


@cache
def ramps(*, calm: bool = False) -> st.SearchStrategy[Any]:
    over = lengths(calm=calm)
    ks = st.sampled_from([1.0, 0.5, 1.5, 2.0, 3.7, 100.0])
    ends = {"start": levels(0, 2), "end": levels(0, 2), "length": over}
    down: dict[str, Any] = {"floor": levels(0, 2), "length": over}
    curves = st.sampled_from(["cosine", "linear", "1-sqrt"])
    reach = st.sampled_from([-50.0, -7.0, -1.0, 0.0, 0.5, 3.0, 50.0])
    return st.one_of(
        st.builds(Linear, **ends),
        st.builds(Anneal, curve=curves, **ends),
        st.builds(Polynomial, power=st.sampled_from([1.0, 0.5, 2.0, 0.01, 100.0]), k=ks, **down),
        st.builds(Cosine, k=ks, **down),
        st.builds(CosineWaves, waves=st.sampled_from([0.5, 1e-3, 0.3, 1.0, 1.5, 2.25, 7.0, 50.0]), **down),
        st.builds(OneMinusSqrt, **down),
        st.builds(Rex, **down),
        st.builds(Tanh, lower=reach, upper=reach, **down),
        st.builds(Sigmoid, centre=over, width=over, floor=levels(0, 2), rising=st.booleans()),
        st.builds(LogWarmup, start=levels(0, 2), length=over),
    )


@cache
def whole_runs(*, calm: bool = False) -> st.SearchStrategy[Any]:
    over = lengths(calm=calm)
    curves = st.sampled_from(["linear", "cosine", "1-sqrt"])
    return st.one_of(
        st.builds(FlatCosine, flat=over, floor=levels(0, 2), length=over),
        st.builds(
            SlantedTriangular,
            cut=over,
            ratio=st.sampled_from([1.0, 1.5, 32.0, 1e6]),
            length=over,
        ),
        st.builds(
            WarmupStableDecay,
            warmup=over,
            start=levels(0, 2),
            warmup_curve=curves,
            decay=over,
            decay_curve=curves,
            floor=levels(0, 2),
            length=over,
        ),
    )


@cache
def cycles(*, calm: bool = False) -> st.SearchStrategy[Any]:
    over = lengths(calm=calm)
    heights = st.sampled_from([1.0, 0.5, 0.9, 1.1, 0.001])
    growths = st.sampled_from([1.0, 1.05, 1.5, 2.0, 3.0, 100.0])
    one_cycle: dict[str, Any] = {
        "pct_start": st.sampled_from([0.3, 1e-6, 0.02, 0.1, 0.25, 0.5, 0.6, 0.99, 1.0]),
        "anneal": st.sampled_from(["cosine", "linear"]),
        "three_phase": st.booleans(),
        "length": over,
    }
    return st.one_of(
        st.builds(
            Cyclic,
            low=levels(0, 2),
            up=over,
            down=over,
            mode=st.sampled_from(["triangular", "triangular2", "exp_range"]),
            gamma=st.sampled_from([1.0, 0.999, 0.9, 1e-3]),
            inverted=st.booleans(),
        ),
        st.builds(
            CosineRestarts,
            first=over,
            growth=growths,
            decay=heights,
            cycles=st.sampled_from([0, 1, 2, 3, 1_000_000]),
            floor=levels(0, 2),
            k=st.sampled_from([1.0, 0.5, 2.0]),
        ),
        st.builds(
            HardRestarts,
            cycles=st.sampled_from([1, 2, 3, 7] if calm else [1, 2, 3, 7, 400]),  # of 2 steps each is not calm
            decay=st.sampled_from([1.0, 0.5, 0.9, 1.01]),
            floor=levels(0, 2),
            length=over,
        ),
        st.builds(OneCycle, start=levels(0, 1), end=levels(0, 1), **one_cycle),
        st.builds(OneCycleMomentum, low=levels(0, 1), **one_cycle),
    )


@cache
def free_shapes(*, calm: bool = False) -> st.SearchStrategy[Any]:
    if calm:
        return keyframes(calm=True)
    return st.one_of(
        st.builds(Expression, formula=st.sampled_from(FORMULAS)),
        st.builds(Multiplicative, formula=st.sampled_from(MULTIPLIERS)),
        keyframes(),
    )


@cache
def keyframes(*, calm: bool = False) -> st.SearchStrategy[Keyframes]:
    values = fractions(0.001, 2)
    places = lengths(calm=calm).filter(lambda length: length != REST)
    ways = st.sampled_from(["hold", "linear", "smooth", "bezier"])
    controls = st.one_of(st.none(), values)
    keys = st.builds(Keyframe, places, values, ways, controls, controls)
    ends = st.sampled_from(["hold", "slope", "repeat", "ping-pong"])
    spaces = st.sampled_from(["linear", "log"])
    return st.builds(Keyframes, st.lists(keys, min_size=1, max_size=5).map(tuple), spaces, ends)


def sequences(inner: st.SearchStrategy[Any], *, calm: bool = False) -> st.SearchStrategy[Sequence]:
    skips = st.one_of(st.just(NOTHING), lengths(calm=calm).filter(lambda length: length != REST))
    segments = st.lists(st.builds(Segment, inner, lengths(calm=calm), skips), min_size=1, max_size=4)
    return segments.map(lambda row: Sequence(segments=tuple(row)))


def clamps(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Clamp]:
    bounds = st.tuples(fractions(0, 2), fractions(0, 2)).map(sorted)
    lowest: Any = st.one_of(bounds.map(tuple), st.tuples(levels(), levels()).filter(_in_order))
    return st.builds(lambda schedule, pair: Clamp(schedule, *pair), inner, lowest)


def _in_order(pair: tuple[Any, Any]) -> bool:
    low, high = pair
    return isinstance(low, Absolute) or isinstance(high, Absolute) or low <= high


def composites(inner: st.SearchStrategy[Any], *, calm: bool = False) -> st.SearchStrategy[Any]:
    """Sequences, products, repeats and clamps of `inner`."""
    return st.one_of(
        sequences(inner, calm=calm),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: Product(tuple(parts))),
        st.builds(
            Repeat,
            inner,
            cycle=lengths(calm=calm),
            growth=st.sampled_from([1.0, 1.0, 1.05, 1.5, 2.0, 3.0]),
            decay=st.sampled_from([1.0, 0.5, 0.9, 1.01]),
            cycles=st.sampled_from([0, 0, 1, 2, 5, 1_000_000]),
            floor=levels(0, 2),
        ),
        clamps(inner),
    )


@cache
def schedules(*, calm: bool = False) -> st.SearchStrategy[Any]:
    """Trees of shapes without a metric, to any depth."""
    return st.recursive(shapes(calm=calm), lambda inner: composites(inner, calm=calm), max_leaves=6)
