"""Whether a run that an exported file resumes is the run that went on: in weights, state, rates and options."""

from __future__ import annotations

import copy
import io
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any

from lrdesigner.child.channel import Channel
from lrdesigner.child.exported import PlannedMetrics, Schedulers, build_optimizers, checkpointing, freeze_function
from lrdesigner.child.failures import JobError, user_code
from lrdesigner.child.same import first_difference
from lrdesigner.child.stand_ins import StandIns
from lrdesigner.child.training_step import step_without_gradients, update

if TYPE_CHECKING:
    from torch import nn

STEPS_BEFORE = 4
"""Steps with gradients before a checkpoint, so that an optimizer has something to keep."""
PROGRESS_SECONDS = 0.1
_PERIOD = 7


@dataclass(frozen=True)
class ResumeCheck:
    """What a run is made of; `stand_ins` are those of the model before anything froze."""

    exported: ModuleType
    model: nn.Module
    stand_ins: StandIns
    metrics: PlannedMetrics
    channel: Channel

    def check(self, request: Mapping[str, Any]) -> bool:
        """Report on each of the request's `resumes`; False when there was a stop."""
        straight = None
        for at, end in request.get("resumes", ()):
            found: dict[str, Any] = {"step": at, "steps": end - at, "whole": self.stand_ins.whole}
            try:
                straight = straight or _Run(self, seed=0)
                if not straight.go(at):
                    return False
                found["problem"] = self._problem(straight, at, end)
            except JobError as error:  # the run that goes on cannot be trained here
                found["untried"] = str(error)
            if self.channel.stop.is_set():
                return False
            self.channel.send("resumed", found)
        return True

    def tell(self, step: int) -> None:
        """Say which step a run has come to."""
        self.channel.send("progress", {"stage": "resuming", "done": step})

    def _problem(self, straight: _Run, at: int, end: int) -> str:
        """What differs first between the run that goes on and one that is resumed, in words."""
        try:
            saved, problem = straight.saved(), ""
        except JobError as error:
            saved, problem = None, str(error)
        options = [straight.train(step) for step in range(at, end) if not self.channel.stop.is_set()]
        if saved is None or len(options) < end - at:
            return problem
        try:
            resumed = _Run(self, seed=1)
            resumed.load(saved)
            for step, wanted in zip(range(at, end), options, strict=True):
                if self.channel.stop.is_set():
                    return ""
                if different := first_difference(wanted, resumed.train(step)):
                    return f"{different} at step {step:,}."
        except JobError as error:
            return str(error)
        different = first_difference(straight.kept(), resumed.kept())
        return f"{different} after step {end - 1:,}." if different else ""


class _Run:
    """Optimizers and schedulers of the file that train stand-ins, whose loss is a sum of sines."""

    def __init__(self, given: ResumeCheck, seed: int) -> None:
        given.stand_ins.thaw()
        self._given = given
        self._freeze = freeze_function(given.exported)
        self._tensors = given.stand_ins.made(seed)
        built = build_optimizers(given.exported, given.model)
        self._optimizers = tuple(given.stand_ins.put(optimizer, self._tensors) for optimizer in built)
        self._schedulers = Schedulers(given.exported, self._optimizers)
        self._sparse = {
            id(tensor)
            for optimizer in self._optimizers
            for group in optimizer.param_groups
            for tensor in group["params"]
            if type(optimizer).__name__ == "SparseAdam"
        }
        self._done = 0

    def go(self, at: int) -> bool:
        """Go to a step: without gradients first, and with them just before it; False when there was a stop."""
        told = 0.0
        for optimizer in self._optimizers:  # torch warns of a scheduler that is stepped before its optimizer
            step_without_gradients(optimizer)
        while self._done < at:
            if self._given.channel.stop.is_set():
                return False
            if time.monotonic() - told >= PROGRESS_SECONDS:
                told = time.monotonic()
                self._given.tell(self._done)
            if self._done < at - STEPS_BEFORE:
                self._advance(self._done)
            else:
                self.train(self._done)
        return True

    def train(self, step: int) -> dict[str, Any]:
        """Train for one step; the options that it used, by param group."""
        import torch

        self._given.tell(step)
        self._freeze(self._given.model, step)
        used = self._options()
        torch.manual_seed(step)  # for optimizers that round by chance
        self._make_gradients(step)
        update(self._optimizers, lambda: self._make_gradients(step), f"step {step}")
        for optimizer in self._optimizers:
            optimizer.zero_grad(set_to_none=True)
        self._advance(step)
        return used

    def saved(self) -> bytes:
        """A checkpoint, as torch writes it."""
        import torch

        save, _ = checkpointing(self._given.exported)
        with user_code("save_state"):
            states = [save(*pair) for pair in self._pairs()]
        file = io.BytesIO()
        with user_code("Writing what save_state gives"):
            torch.save({"weights": self._weights(), "states": states}, file)
        return file.getvalue()

    def load(self, saved: bytes) -> None:
        """Go on from a checkpoint, which is read as torch does it safely."""
        import torch

        _, load = checkpointing(self._given.exported)
        with user_code("Reading what save_state gave"):
            found = torch.load(io.BytesIO(saved), weights_only=True)
        with torch.no_grad():
            for name, weight in self._weights().items():
                weight.copy_(found["weights"][name])
        with user_code("load_state"):
            for state, (optimizer, scheduler) in zip(found["states"], self._pairs(), strict=True):
                load(state, optimizer, scheduler)

    def kept(self) -> dict[str, Any]:
        """All that the run has made: weights, what optimizers and schedulers keep, and options."""
        names = {id(weight): name for name, weight in self._weights().items()}
        state = {
            f"the optimizer's {key} of {names.get(id(weight), 'a tensor')}": value
            for optimizer in self._optimizers
            for weight, kept in optimizer.state.items()
            for key, value in (kept.items() if isinstance(kept, dict) else ())
        }
        schedules = {
            f"the {key} of {type(scheduler).__name__}": value
            for scheduler in self._schedulers.all
            for key, value in scheduler.state_dict().items()
        }
        weights = {f"the weight {name}": weight for name, weight in self._weights().items()}
        return weights | state | self._options() | schedules

    def _advance(self, step: int) -> None:
        with user_code(f"The scheduler at step {step}"):
            self._schedulers.step(step + 1, self._given.metrics.at(step + 1))
        self._done = step + 1

    def _make_gradients(self, step: int) -> float:
        """Gradients of what needs some, which depend on the weights and the step; the loss."""
        import torch

        loss = 0.0
        with user_code(f"The gradients at step {step}"), torch.no_grad():
            for parameter in self._given.stand_ins.parameters.values():
                tensor = self._tensors[id(parameter)]
                tensor.grad = None
                tensor.requires_grad_(parameter.requires_grad)
                if parameter.requires_grad:
                    shifted = tensor.detach() + step % _PERIOD
                    loss += float(shifted.sin().sum().real)
                    slope = shifted.cos()
                    tensor.grad = slope.to_sparse(1) if id(tensor) in self._sparse else slope
        return loss

    def _pairs(self) -> list[tuple[Any, Any]]:
        return list(zip(self._optimizers, self._schedulers.all, strict=True))

    def _weights(self) -> dict[str, Any]:
        return {
            name: self._tensors[id(parameter)].detach() for name, parameter in self._given.stand_ins.parameters.items()
        }

    def _options(self) -> dict[str, Any]:
        return {
            f"{key} of group {group.get('name')!r}": copy.deepcopy(value)
            for optimizer in self._optimizers
            for group in optimizer.param_groups
            for key, value in group.items()
            if key not in ("params", "param_names")
        }
