"""The inspect job: modules, parameters, ties, buffers and forward order of a model that is built without weights."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from lrdesigner.child.build_model import build_model
from lrdesigner.child.channel import Channel
from lrdesigner.child.failures import JobError, user_code
from lrdesigner.child.forward_order import forward_order
from lrdesigner.child.libraries import contains_code
from lrdesigner.child.model_walk import Row, buffer_rows, module_rows, parameter_rows, walk

if TYPE_CHECKING:
    from torch import nn

ROWS_PER_MESSAGE = 2000


def inspect(request: Mapping[str, Any], channel: Channel) -> tuple[str, dict[str, Any]]:
    """Report the inventory in chunks, modules first. The last message has `notes`, sentences for a person."""
    channel.send("progress", {"stage": "building the model"})
    rung, source = str(request.get("rung", "meta")), str(request["source"])
    model = build_model(source, request.get("kwargs", {}), rung, memory=int(request.get("memory", 0)))
    sent = _Sender(channel)
    with user_code("Listing the parts of the model"):
        modules, parameters = _send_inventory(model, sent)
    notes = [f"{source} contains code (auto_map), which is not run."] if contains_code(source) else []
    if request.get("inputs"):
        notes += _send_order(model, request["inputs"], rung, sent)
    if channel.stop.is_set():
        return "stopped", {}
    return "finished", {"modules": modules, "parameters": parameters, "rung": rung, "notes": notes}


def inventory(model: nn.Module) -> tuple[list[Row], list[Row]]:
    """The rows of all modules and of all parameters of a model that is there."""
    return list(module_rows(model, {})), list(parameter_rows(model))


def _send_inventory(model: nn.Module, sent: _Sender) -> tuple[int, int]:
    """How many modules and parameters there were. Of a model that is too big nothing is sent."""
    for _ in walk(model):
        pass
    bases: dict[str, list[str]] = {}
    modules = sent.rows("modules", module_rows(model, bases))
    parameters = sent.rows("parameters", parameter_rows(model))
    sent.rows("buffers", buffer_rows(model))
    sent.whole("bases", {name: found for name, found in bases.items() if found})
    return modules, parameters


def _send_order(model: nn.Module, inputs: Any, rung: str, sent: _Sender) -> list[str]:
    """A forward pass that fails takes nothing from the inventory: it becomes a note."""
    try:
        sent.rows("order", forward_order(model, inputs, rung))
    except JobError as error:
        return [f"The order of the forward pass is not known. {error}"]
    return []


class _Sender:
    """Sends rows as they come, so that a big inventory is never held as a whole."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def rows(self, kind: str, rows: Iterable[Row] | Iterable[str]) -> int:
        """Send all rows of one kind; how many there were."""
        chunk: list[Any] = []
        count = 0
        for row in rows:
            chunk.append(row)
            if len(chunk) == ROWS_PER_MESSAGE:
                self.whole(kind, chunk)
                chunk.clear()
                if self._channel.stop.is_set():
                    break
            count += 1
        self.whole(kind, chunk)
        return count

    def whole(self, kind: str, value: Any) -> None:
        """Send one part of the inventory, unless it is empty or nobody wants it any more."""
        if value and not self._channel.stop.is_set():
            self._channel.send("inventory", {kind: value})
