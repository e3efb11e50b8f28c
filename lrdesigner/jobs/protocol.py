"""The messages between this program and its child processes: one JSON object per line, strict, versioned.

The child's side (`lrdesigner.child`) writes plain `json`, because it must run with nothing but the standard library
and torch; this side decodes with msgspec, so a wrong or unknown message is an error with the path of the fault.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import msgspec
from msgspec import Struct

from lrdesigner.capturing.description import LiveObjects
from lrdesigner.inventory import BufferInfo, Inventory, ModuleInfo, ParameterInfo
from lrdesigner.model_inputs import ModelInput
from lrdesigner.trials.options import RangeOptions, TrialOptions

PROTOCOL_VERSION = 5

Rung = Literal["meta", "hybrid", "fake", "cpu"]
"""A way to build a model, see `lrdesigner.models.ladder`."""


class Request(Struct, frozen=True, tag_field="kind", forbid_unknown_fields=True):
    """Base of what is sent to the child as its first line on stdin."""


class InspectRequest(Request, frozen=True, tag="inspect"):
    """Build the model in the way `rung` and report its inventory, with the forward order where `inputs` are given.

    `memory` is how many bytes that may take; 0: most of what the machine has.
    """

    source: str
    kwargs: dict[str, Any] = {}
    rung: Rung = "meta"
    inputs: tuple[ModelInput, ...] = ()
    memory: int = 0


class ReadRequest(Request, frozen=True, tag="read"):
    """Read names and shapes of a checkpoint, or of the `part` of it, without running anything."""

    path: str
    part: str = ""


class VerifyRequest(Request, frozen=True, tag="verify"):
    """Build the model in the way `rung`, step the exported optimizers and schedulers `steps` times, report every value.

    `inventory` is a JSON file with names and shapes, of which a model without code is made; "" builds the source.
    `metrics` has, for each optimizer, what its scheduler is given at its evaluations, in order: nothing where no metric
    steers it. At each of `freeze_steps` the file's `apply_freeze` is called, and its effect reported. Of each of
    `resumes` the first step is where a checkpoint is made; from there to the second a run that goes on and one that is
    resumed are trained and compared. `packages` are what the file needs besides torch.
    """

    source: str
    exported_file: str
    steps: int
    metrics: tuple[tuple[float, ...], ...] = ()
    freeze_steps: tuple[int, ...] = ()
    resumes: tuple[tuple[int, int], ...] = ()
    packages: tuple[str, ...] = ()
    kwargs: dict[str, Any] = {}
    rung: Rung = "meta"
    inventory: str = ""


class TrainingRequest(Request, frozen=True):
    """Base of what trains the model with the exported file, whose plan has `total_steps` steps.

    `inputs` describe what the model takes, where that is known; `groups` tells the param groups of each group of the
    design.
    """

    source: str
    exported_file: str
    total_steps: int
    options: TrialOptions = TrialOptions()
    kwargs: dict[str, Any] = {}
    inputs: tuple[ModelInput, ...] = ()
    groups: dict[str, tuple[str, ...]] = {}


class TrialRequest(TrainingRequest, frozen=True, tag="trial"):
    """A trial, as the options say."""


class RangeTestRequest(TrainingRequest, frozen=True, tag="range_test", kw_only=True):
    """Train a copy for each seed, from the start of the window on, with rates that grow by a multiplier."""

    range: RangeOptions


class CaptureRequest(Request, frozen=True, tag="capture"):
    """Call a function that returns (model, optimizer) or (model, optimizer, scheduler), and tell what these are.

    `steps` is the length of the run; None: as the schedulers say.
    """

    source: str
    kwargs: dict[str, Any] = {}
    rung: Rung = "meta"
    steps: int | None = None
    steps_per_epoch: int | None = None


AnyRequest = CaptureRequest | InspectRequest | RangeTestRequest | ReadRequest | VerifyRequest | TrialRequest


class Report(Struct, frozen=True, tag_field="kind", forbid_unknown_fields=True):
    """Base of what the child sends."""


class Hello(Report, frozen=True, tag="hello"):
    """First line: the child runs and has imported torch, unless it was told not to (then `torch` is "")."""

    protocol: int
    pid: int
    python: str
    torch: str


class Heartbeat(Report, frozen=True, tag="heartbeat"):
    """Sent every second by a thread: alive. `step` counts the optimizer steps done."""

    step: int


class Progress(Report, frozen=True, tag="progress"):
    """What is being done, and how much of it; `total` is 0 when unknown."""

    stage: str
    done: int = 0
    total: int = 0


class InventoryChunk(Report, frozen=True, tag="inventory"):
    """Part of the inventory: big models come in several, in order."""

    modules: tuple[ModuleInfo, ...] = ()
    parameters: tuple[ParameterInfo, ...] = ()
    buffers: tuple[BufferInfo, ...] = ()
    bases: dict[str, tuple[str, ...]] = {}
    order: tuple[str, ...] = ()


def joined(chunks: Iterable[InventoryChunk]) -> Inventory:
    """The inventory that came in these chunks."""
    found = tuple(chunks)
    return Inventory(
        modules=tuple(row for chunk in found for row in chunk.modules),
        parameters=tuple(row for chunk in found for row in chunk.parameters),
        buffers=tuple(row for chunk in found for row in chunk.buffers),
        bases={name: bases for chunk in found for name, bases in chunk.bases.items()},
        order=tuple(path for chunk in found for path in chunk.order),
    )


class ParamGroups(Report, frozen=True, tag="param_groups"):
    """The param groups of the real optimizers, in order: names, members and options as they are before step 0."""

    groups: tuple[ParamGroupReport, ...]


class ParamGroupReport(Struct, frozen=True, forbid_unknown_fields=True):
    """One param group as the optimizer holds it; `options` has every plain value under its key."""

    name: str
    optimizer: str
    parameters: tuple[str, ...]
    options: dict[str, Any]


class Values(Report, frozen=True, tag="values"):
    """Hyperparameters measured from step `start` on: per param group, per track, one value per step."""

    start: int
    groups: dict[str, dict[str, tuple[float, ...]]]


class Freezing(Report, frozen=True, tag="freezing"):
    """What needs a gradient at a step, after `apply_freeze`: per param group how many of its parameters do.

    `others` counts those that are in no param group.
    """

    step: int
    trainable: dict[str, int]
    others: int


class Resumed(Report, frozen=True, tag="resumed"):
    """How a run that was resumed at a step compares with the run that went on, `steps` steps later.

    `problem` says what differs first or what failed, and `untried` why nothing could be compared; "" for neither.
    Unless `whole`, both trained a cut of each tensor of a large model.
    """

    step: int
    steps: int
    problem: str = ""
    untried: str = ""
    whole: bool = True


class CapturedObjects(Report, frozen=True, tag="captured"):
    """What a capture found: first everything but the values, then these, lane by lane, long ones in several parts.

    `model_source` names what makes the model alone, where that is not the function that was called.
    """

    live: LiveObjects | None = None
    model_source: str = ""
    lane: int = 0
    values: tuple[float, ...] = ()


class Metrics(Report, frozen=True, tag="metrics"):
    """One finished update of a trial: its step of the plan, and what the optimizer used for it, per param group."""

    step: int
    loss: float
    lr: dict[str, float]


class GroupDiagnostics(Struct, frozen=True, forbid_unknown_fields=True):
    """What an update did to one param group; norms are None where they are not finite or were not measured.

    `update_norm` is of the whole change of the weights, `decay_norm` of the part that is decoupled weight decay.
    `without_gradient` counts those of its `numel` numbers whose gradient is missing or zero throughout their tensor.
    """

    gradient_norm: float | None = None
    weight_norm: float | None = None
    update_norm: float | None = None
    decay_norm: float | None = None
    numel: int = 0
    without_gradient: int = 0


class Diagnostics(Report, frozen=True, tag="diagnostics"):
    """What was measured at an update beside its loss.

    Times are means since the last such report; `data_share` is the share of time spent waiting for data, `memory` the
    bytes in use (0: not known), `skipped` how many updates the gradient scaler has skipped so far.
    """

    step: int
    groups: dict[str, GroupDiagnostics]
    seconds_per_update: float = 0.0
    samples_per_second: float = 0.0
    data_share: float = 0.0
    memory: int = 0
    skipped: int = 0


class CriticalRate(Report, frozen=True, tag="critical"):
    """Which multiple of its rate would have raised the loss at a step, along the update that was made.

    `group` is a group of the design, "" for all at once; `scheduled` is the highest rate of its param groups. `factor`
    is None when nothing up to `largest_tried` raised the loss, or when the group did not move.
    """

    step: int
    group: str
    scheduled: float
    factor: float | None
    largest_tried: float
    evaluations: int


class RangePoint(Report, frozen=True, tag="range"):
    """The loss of one update of a range test, before the update with this multiplier was made."""

    seed: int
    update: int
    multiplier: float
    loss: float


class Failure(Report, frozen=True, tag="error"):
    """The job failed. `message` is one sentence; `where` names file and line of the user's code when known.

    `building`: the model's constructor failed, so that another way of building may help. `error` is the class of the
    innermost exception.
    """

    message: str
    where: str = ""
    traceback: str = ""
    building: bool = False
    error: str = ""


class End(Report, frozen=True, tag="end"):
    """Last line. `metrics` sums the job up (trial: steps, seconds, final loss, accuracy, device ...)."""

    reason: Literal["finished", "stopped", "diverged", "failed"]
    metrics: dict[str, Any] = {}


AnyReport = (
    Hello
    | Heartbeat
    | Progress
    | InventoryChunk
    | ParamGroups
    | Values
    | Freezing
    | Resumed
    | Metrics
    | Diagnostics
    | CriticalRate
    | RangePoint
    | Failure
    | End
    | CapturedObjects
)

_report_decoder = msgspec.json.Decoder(AnyReport)
_encoder = msgspec.json.Encoder()


def encode_request(request: AnyRequest) -> bytes:
    """The line, newline included, that starts a job."""
    return _encoder.encode(request) + b"\n"


def decode_report(line: bytes) -> AnyReport:
    """Decode one line of the child; raises `msgspec.ValidationError` or `msgspec.DecodeError` on anything else."""
    report: AnyReport = _report_decoder.decode(line)
    return report


STOP_LINE = b'{"kind":"stop"}\n'
PAUSE_LINE = b'{"kind":"pause"}\n'
RESUME_LINE = b'{"kind":"resume"}\n'
