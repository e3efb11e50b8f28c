"""Kept trials as the event files that TensorBoard reads, written by its own package and without TensorFlow.

Its `EventFileWriter` opens files through TensorFlow wherever that is installed, so only its messages and the framing of
its records are used. TensorBoard keeps scalars as float32: the CSV has them to the last bit.
"""

from __future__ import annotations

import io
import math
import re
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from lrdesigner.design_file import write_atomically
from lrdesigner.errors import UserError
from lrdesigner.trials.history.entries import KeptTrial
from lrdesigner.trials.history.store import Sheets, TrialHistory

FILE_VERSION = "brain.Event:2"
MISSING = (
    "TensorBoard's event files need its package: install it by `pip install tensorboard`, or `lrdesigner[tensorboard]`."
)

_NAMELESS = ("step", "seconds", "seed", "update", "evaluations", "largest_tried", "scheduled")
"""Columns that are no curve of their own."""

Point = tuple[float, int, list[tuple[str, float]]]
"""Seconds since the trial began, the step of the plan, and what was measured there."""


def export_tensorboard(history: TrialHistory, trials: Iterable[KeptTrial], folder: Path) -> list[Path]:
    """Write a run for each trial into the folder, for `tensorboard --logdir FOLDER`; the folders of the runs.

    A trial that is written again replaces its run. Raises `UserError` where the package is missing or the disk refuses.
    """
    require_tensorboard()
    runs = []
    for trial in trials:
        run = folder / run_name(trial)
        content = event_file(trial, history.sheets(trial.id))
        try:
            run.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"The folder {run} cannot be made: {error.strerror or error}.") from None
        write_atomically(run / f"events.out.tfevents.{int(trial.started):010d}.{trial.id}", content)
        runs.append(run)
    return runs


def require_tensorboard() -> None:
    """Raise `UserError` where the package is not installed or too old."""
    try:
        import tensorboard.compat.proto.event_pb2
        import tensorboard.summary.writer.record_writer  # noqa: F401 - only whether it is there
    except ImportError:
        raise UserError(MISSING) from None


def run_name(trial: KeptTrial) -> str:
    """What the run is called in TensorBoard: what was tried, when, and the beginning of its id."""
    title = re.sub(r"[^\w.=-]+", "-", " ".join(text for text in (trial.title, trial.variant) if text)).strip("-.")
    when = time.strftime("%Y-%m-%d_%H.%M.%S", time.gmtime(trial.started))
    return "_".join(text for text in (title[:80], when, trial.id[:8]) if text)


def event_file(trial: KeptTrial, sheets: Sheets) -> bytes:
    """The event file of one trial."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.summary.writer.record_writer import RecordWriter

    stream = io.BytesIO()
    records = RecordWriter(stream)
    records.write(Event(wall_time=trial.started, file_version=FILE_VERSION).SerializeToString())
    records.write(Event(wall_time=trial.started, step=0, summary=_text("trial", described(trial))).SerializeToString())
    for seconds, step, values in points(sheets):
        summary = Summary(value=[Summary.Value(tag=tag, simple_value=value) for tag, value in values])
        records.write(Event(wall_time=trial.started + seconds, step=step, summary=summary).SerializeToString())
    return stream.getvalue()


def points(sheets: Sheets) -> Iterator[Point]:
    """What is drawn: the columns of every sheet, with update over weight for each param group that has both."""
    for name, sheet in sheets.items():
        steps = sheet.get("step", sheet.get("update"))
        if steps is None:
            continue
        columns = list(_curves(name, sheet))
        seconds = sheet.get("seconds", steps * 0.0).tolist()
        for row, step in enumerate(steps.tolist()):
            values = [(tag, float(column[row])) for tag, column in columns if not math.isnan(column[row])]
            yield seconds[row], int(step), values


def _curves(name: str, sheet: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for title, column in sheet.items():
        if title in _NAMELESS:
            continue
        yield (f"{name}/{title}" if "/" in name or name == "range" else title), column
        kind, slash, group = title.partition("/")
        weight = sheet.get(f"weight_norm/{group}")
        if slash and kind == "update_norm" and weight is not None:
            ratio = column * math.nan
            ratio[weight > 0] = column[weight > 0] / weight[weight > 0]
            yield f"update_to_weight/{group}", ratio


def described(trial: KeptTrial) -> str:
    """What was tried, where, and how it ended, as the Markdown tables of TensorBoard's text tab."""
    outcome = {"state": trial.state, "message": trial.message, **trial.summary}
    parts: dict[str, dict[str, Any]] = {
        "Options": {**trial.options, "seed": trial.seed} if trial.seed is not None else trial.options,
        "Environment": msgspec.to_builtins(trial.environment),
        "Outcome": outcome,
        "Trial": {
            "id": trial.id,
            "kind": trial.kind,
            "variant": trial.variant,
            "sweep": trial.sweep,
            "design": trial.design_key,
            "design_sha256": trial.design_sha256,
            "code_sha256": trial.code_sha256,
        },
    }
    return "\n\n".join(_table(title, values) for title, values in parts.items())


def _table(title: str, values: dict[str, Any]) -> str:
    rows = [f"| {name} | {_markdown(value)} |" for name, value in values.items() if value not in ("", None)]
    return "\n".join([f"| {title} | |", "| --- | --- |", *rows])


def _markdown(value: Any) -> str:
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return re.sub(r"([\\|*_`<>\[\]])", r"\\\1", " ".join(text.split()))


def _text(tag: str, text: str) -> Any:
    from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
    from tensorboard.compat.proto.tensor_pb2 import TensorProto
    from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
    from tensorboard.compat.proto.types_pb2 import DT_STRING

    shape = TensorShapeProto(dim=[TensorShapeProto.Dim(size=1)])
    tensor = TensorProto(dtype=DT_STRING, string_val=[text.encode()], tensor_shape=shape)
    metadata = SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name="text"))
    return Summary(value=[Summary.Value(tag=f"{tag}/text_summary", metadata=metadata, tensor=tensor)])
