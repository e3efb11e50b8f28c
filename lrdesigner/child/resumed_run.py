"""Resuming with an exported file: a run that goes on from a checkpoint equals one without interruption, bit for bit.

The model gets weights of its own and gradients out of a seeded generator; no forward pass is needed, and no data.
"""

from __future__ import annotations

import copy
import io
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any

from lrdesigner.child.exported import Groups, Schedulers, build_optimizers, freeze_function
from lrdesigner.child.failures import user_code
from lrdesigner.child.training_step import needs_closure, step_without_gradients

if TYPE_CHECKING:
    import torch
    from torch import nn

MOST_NUMBERS = 20_000_000
"""Parameters of a model that is still given weights for this: twice, with the optimizer's state, some 500 MB."""

LATEST_STEP = 10_000
REAL_STEPS = 4
"""Steps with gradients: at the start, before the checkpoint, and after it."""

Metric = Callable[[int, int, int], "float | None"]
"""The metric of scheduler number n, evaluated every so many updates, after so many updates."""


def resume(
    exported: ModuleType, model: nn.Module, total: int, metric: Metric, stop: Callable[[], bool]
) -> dict[str, Any]:
    """Compare a resumed run with one that was not interrupted: the fields of the report `Resumed`."""
    size = sum(parameter.numel() for parameter in model.parameters())
    if size > MOST_NUMBERS:
        return {"reason": f"the model has {size:,} parameters, and at most {MOST_NUMBERS:,} are given weights for it"}
    if not hasattr(exported, "save_state") or not hasattr(exported, "load_state"):
        return {"reason": "the file has no save_state and load_state"}
    at = max(min(total // 2, LATEST_STEP), 1)
    try:
        models = with_weights(model), with_weights(model)
    except Exception as error:  # of the model's own classes
        return {"reason": f"the model could not be copied: {error}"}
    straight = _Run(exported, models[0], metric)
    straight.train(min(REAL_STEPS, at))
    straight.skip(at - straight.done - REAL_STEPS, stop)
    straight.train(at - straight.done)
    saved, done = straight.checkpoint(), straight.done
    again = _Run(exported, models[1], metric)
    again.load(saved, done)
    for _ in range(REAL_STEPS):
        if stop():
            return {"reason": "it was stopped"}
        straight.train(1)
        again.train(1)
        difference = straight.difference(again)
        if difference:
            return {"step": done, "steps": REAL_STEPS, "difference": difference}
    return {"step": done, "steps": REAL_STEPS}


class _Run:
    """A model with weights, its optimizers and its schedulers."""

    def __init__(self, exported: ModuleType, model: nn.Module, metric: Metric) -> None:
        self._exported, self._metric, self.done = exported, metric, 0
        self._model = model
        self._optimizers = build_optimizers(exported, self._model)
        self._schedulers = Schedulers(exported, self._optimizers)
        self._freeze = freeze_function(exported)

    def train(self, steps: int) -> None:
        """Steps with gradients."""
        for _ in range(steps):
            self._freeze(self._model, self.done)
            gradients = _Gradients(self._model, self.done)
            with user_code(f"Stepping the optimizer at step {self.done}"):
                for optimizer in self._optimizers:
                    if needs_closure(optimizer):
                        optimizer.step(gradients.set)
                    else:
                        gradients.set(sparse=type(optimizer).__name__ == "SparseAdam")
                        optimizer.step()
            for optimizer in self._optimizers:
                optimizer.zero_grad(set_to_none=True)
            self._advance()

    def skip(self, steps: int, stop: Callable[[], bool]) -> None:
        """Steps without gradients."""
        for _ in range(steps):
            if stop():
                return
            for optimizer in self._optimizers:
                step_without_gradients(optimizer)
            self._advance()

    def checkpoint(self) -> bytes:
        """What the file says that a checkpoint needs, with the weights."""
        import torch

        pairs = zip(self._optimizers, self._schedulers.all, strict=True)
        with user_code("save_state of the exported file"):
            states = [self._exported.save_state(*pair) for pair in pairs]
        file = io.BytesIO()
        torch.save({"weights": dict(self._model.named_parameters()), "states": states}, file)
        return file.getvalue()

    def load(self, saved: bytes, done: int) -> None:
        """Take a checkpoint as people read theirs: without running code."""
        import torch

        with user_code("load_state of the exported file"):
            known = torch.load(io.BytesIO(saved), weights_only=True)
            with torch.no_grad():
                for name, parameter in self._model.named_parameters():
                    parameter.copy_(known["weights"][name])
            pairs = zip(self._optimizers, self._schedulers.all, strict=True)
            for state, pair in zip(known["states"], pairs, strict=True):
                self._exported.load_state(state, *pair)
        self.done = done

    def difference(self, other: _Run) -> str:
        """The first weight or option that differs; "" for none."""
        import torch

        theirs = dict(other._model.named_parameters())
        for name, parameter in self._model.named_parameters():
            if not torch.equal(torch.nan_to_num(parameter), torch.nan_to_num(theirs[name])):
                return f"the weights of {name}"
        ours, others = Groups(self._optimizers), Groups(other._optimizers)  # loading makes the groups anew
        for name, mine, its in zip(ours.names, ours.tracks(), others.tracks(), strict=True):
            for track, value in mine.items():
                if its.get(track) != value:
                    return f"the {track} of {name}"
        return ""

    def _advance(self) -> None:
        self.done += 1
        self._schedulers.step(self.done, lambda place, every, mode: self._metric(place, every, self.done))


class _Gradients:
    """The same for a step of every run: noise, and a pull to 0, which closures need to come to an end."""

    def __init__(self, model: nn.Module, step: int) -> None:
        import torch

        generator = torch.Generator().manual_seed(step)
        parameters: Sequence[nn.Parameter] = list(model.parameters())
        self._noise = [torch.randn(p.shape, generator=generator) for p in parameters]
        self._parameters = parameters

    def set(self, sparse: bool = False) -> float:
        """Write the gradients; gives a loss that they could be of."""

        loss = 0.0
        for parameter, noise in zip(self._parameters, self._noise, strict=True):
            if parameter.requires_grad:
                gradient: torch.Tensor = (0.01 * noise + 0.1 * parameter.detach()).to(parameter.dtype)
                parameter.grad = gradient.to_sparse(1) if sparse and gradient.dim() else gradient
                loss += float((parameter.detach() * (0.01 * noise + 0.05 * parameter.detach())).sum())
        return loss


def with_weights(model: nn.Module) -> nn.Module:
    """A copy of a model that may be on the meta device, with random weights; tied ones stay tied."""
    import torch

    made: dict[int, nn.Parameter] = {}
    found = copy.deepcopy(model)
    generator = torch.Generator().manual_seed(0)
    for module in found.modules():
        for name, parameter in list(module.named_parameters(recurse=False, remove_duplicate=False)):
            if id(parameter) not in made:
                weights = torch.randn(parameter.shape, generator=generator).to(parameter.dtype)
                made[id(parameter)] = torch.nn.Parameter(weights, requires_grad=parameter.requires_grad)
            module.register_parameter(name, made[id(parameter)])
    return found
