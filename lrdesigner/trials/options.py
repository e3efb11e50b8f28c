"""What a person asks of a trial or of a range test; kept with every trial, so that it can be run again."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal

from msgspec import Meta, Struct

from lrdesigner.errors import InvalidValueError

Device = Literal["auto", "cpu", "cuda", "mps"]
BATCH_SIZE = 32

Precision = Literal["float32", "bfloat16", "float16"]

Count = Annotated[int, Meta(ge=1, le=10**9)]


class TrialOptions(Struct, frozen=True, forbid_unknown_fields=True):
    """How long, where and with what a trial trains.

    The budget is `steps` updates, `seconds` of training, or what comes first of both; with neither it is the rest of
    the plan. A trial has the plan's own steps from `start` on, or with `whole` the whole plan compressed into the
    budget. `data` is "demo", "text", "synthetic" or "FILE.py:FUNCTION". `weights` is a checkpoint, "" for those that
    the model is built with. `clip` is the largest total gradient norm. `one_batch` trains on the first batch again
    and again. Diagnostics are measured at every `diagnose_every`-th update (0: never), critical rates at `probes`
    moments. `processes` above 1 train data-parallel, each on its share of every batch, `sharded` with FSDP2 instead of
    DDP.
    """

    steps: Count | None = None
    seconds: Annotated[float, Meta(gt=0, le=10**7)] | None = None
    whole: bool = False
    start: Annotated[int, Meta(ge=0, le=10**12)] = 0
    device: Device = "auto"
    data: str = "demo"
    weights: str = ""
    batch_size: Count = BATCH_SIZE
    accumulation: Count = 1
    precision: Precision = "float32"
    clip: Annotated[float, Meta(gt=0, le=1e12)] | None = None
    compile: bool = False
    one_batch: bool = False
    seed: Annotated[int, Meta(ge=0, le=2**53)] = 0
    diagnose_every: Annotated[int, Meta(ge=0, le=10**6)] = 10
    probes: Annotated[int, Meta(ge=0, le=1000)] = 0
    processes: Annotated[int, Meta(ge=1, le=1024)] = 1
    sharded: bool = False

    def __post_init__(self) -> None:
        if self.whole and self.start:
            raise InvalidValueError("The whole schedule begins at step 0: leave out the first step, or `whole`.")
        if self.sharded and self.processes < 2:
            raise InvalidValueError("Sharding needs at least two processes.")
        if self.sharded and self.probes:  # FSDP2 computes with gathered weights, which a probe does not reach
            raise InvalidValueError("Critical rates cannot be looked for in a sharded model; leave out the probes.")
        if self.batch_size < self.processes:
            raise InvalidValueError(
                f"A batch of {self.batch_size} cannot be shared by {self.processes} processes: choose a larger batch "
                "size, or fewer processes."
            )


NO_OPTIONS = TrialOptions()
"""The whole plan, with the demo data, wherever it can."""


NOT_OF_RANGE_TESTS: Mapping[str, str] = MappingProxyType(
    {
        "steps": "each copy makes as many updates as the range has",
        "seconds": "each copy makes as many updates as the range has",
        "whole": "its steps are those of the plan",
        "start": "it begins where the planned rates are highest",
        "diagnose_every": "it measures the loss alone",
        "probes": "critical rates are looked for after it",
        "processes": "it trains in one process",
        "sharded": "it trains in one process",
    }
)
"""The options of a trial that a range test does not take, each with the reason."""


class RangeOptions(Struct, frozen=True, forbid_unknown_fields=True):
    """A multiplier that grows from `low` to `high` in `updates` updates, with each of so many seeds.

    It multiplies the planned rates of one group of the design, or of all where `group` is "".
    """

    low: Annotated[float, Meta(gt=0, le=1e12)] = 1e-3
    high: Annotated[float, Meta(gt=0, le=1e12)] = 1e3
    updates: Annotated[int, Meta(ge=10, le=100_000)] = 100
    seeds: Annotated[int, Meta(ge=1, le=100)] = 3
    group: str = ""

    def __post_init__(self) -> None:
        if self.low >= self.high:
            raise InvalidValueError("The range must grow: its low end must be below its high end.")
