"""The trial job: a short real training run of a model with an exported file."""

from __future__ import annotations

import math
import random
import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lrdesigner.child.build_model import build_model
from lrdesigner.child.channel import Channel
from lrdesigner.child.exported import Groups, Schedulers, build_optimizers, freeze_function, import_exported
from lrdesigner.child.failures import user_code
from lrdesigner.child.model_walk import refuse_lazy
from lrdesigner.child.training_step import check_scores, chosen_device, device_name, learn, loss_of, scores_of, update
from lrdesigner.child.trial_data import trial_data

if TYPE_CHECKING:
    import torch

FINAL_LOSSES = 10
TEST_BATCH = 256


def trial(request: Mapping[str, Any], channel: Channel) -> tuple[str, dict[str, Any]]:
    """Train for `steps` optimizer steps, reporting each; the same request gives the same numbers on a CPU.

    A loss that is not finite ends the run as "diverged": `diverged_at_step` tells the step, which is not reported.
    """
    channel.send("progress", {"stage": "building the model"})
    run = _Trial(request, channel)
    channel.send("progress", {"stage": "training", "total": run.steps})
    started = time.perf_counter()
    reason = run.train()
    metrics = run.summary(time.perf_counter() - started)
    if reason == "diverged":
        metrics["diverged_at_step"] = len(run.losses)
    if reason == "finished":
        metrics |= run.measure()
    return reason, metrics


class _Trial:
    """One training run: model, data, optimizers and the losses so far."""

    def __init__(self, request: Mapping[str, Any], channel: Channel) -> None:
        self.steps = int(request["steps"])
        self.losses: list[float] = []
        self._channel = channel
        self._device = chosen_device(str(request.get("device", "auto")))
        seed = int(request.get("seed", 0))
        _seed(seed)
        model = build_model(request["source"], request.get("kwargs", {}), "cpu")
        refuse_lazy(model)
        with user_code(f"Moving the model to {self._device}"):
            self._model = model.to(self._device)
        self._data = trial_data(str(request.get("data", "demo")), int(request.get("batch_size", 32)), seed)
        exported = import_exported(request["exported_file"])
        self._freeze = freeze_function(exported)
        self._optimizers = build_optimizers(exported, self._model)
        self._schedulers = Schedulers(exported, self._optimizers)
        self._groups = Groups(self._optimizers)
        _seed(seed)  # what dropout draws must not depend on how much the construction drew

    def train(self) -> str:
        """Run the steps; "finished", "stopped" or "diverged"."""
        self._model.train()
        for step in range(self.steps):
            if self._channel.stop.is_set():
                return "stopped"
            if not self._one_step(step):
                return "diverged"
        return "finished"

    def summary(self, seconds: float) -> dict[str, Any]:
        """What is known at any end of the run; losses are None before the first step."""
        last = self.losses[-FINAL_LOSSES:]
        return {
            "steps": len(self.losses),
            "seconds": round(seconds, 3),
            "device": device_name(self._device),
            "parameters": sum(parameter.numel() for parameter in self._model.parameters()),
            "first_loss": self.losses[0] if self.losses else None,
            "final_loss": sum(last) / len(last) if last else None,
        }

    def measure(self) -> dict[str, float]:
        """`test_accuracy`: share of the held-out samples told right; nothing without such samples, or when stopped."""
        import torch

        if self._data.test is None:
            return {}
        self._channel.send("progress", {"stage": "measuring the accuracy"})
        inputs, targets = self._data.test
        self._model.eval()
        right = 0
        with torch.no_grad():
            for start in range(0, len(targets), TEST_BATCH):
                if self._channel.stop.is_set():
                    return {}
                chosen = slice(start, start + TEST_BATCH)
                scores = scores_of(self._model, inputs[chosen].to(self._device), "the test")
                right += int((scores.argmax(dim=1).cpu() == targets[chosen]).sum())
        return {"test_accuracy": right / len(targets)}

    def _one_step(self, step: int) -> bool:
        """Train one batch; False if the loss is not finite, and then nothing was changed."""
        inputs, targets = next(self._data.batches)
        self._forget_gradients()
        self._freeze(self._model, step)
        loss = self._loss(inputs, targets, f"step {step}")
        value = float(loss.item())
        if not math.isfinite(value):
            return False
        if loss.requires_grad:  # not so when everything is frozen
            learn(loss, f"step {step}")
        rates = self._groups.rates(step)
        self.losses.append(value)

        def again() -> torch.Tensor:
            self._forget_gradients()
            found = self._loss(inputs, targets, f"step {step}")
            if found.requires_grad:
                learn(found, f"step {step}")
            return found

        update(self._optimizers, again, f"step {step}")
        with user_code(f"The scheduler at step {step}"):
            self._schedulers.step(len(self.losses), self._metric)
        self._channel.step = step + 1
        self._channel.send("metrics", {"step": step, "loss": value, "lr": rates})
        return True

    def _forget_gradients(self) -> None:
        for optimizer in self._optimizers:
            optimizer.zero_grad(set_to_none=True)

    def _metric(self, place: int, every: int, mode: str) -> float:
        """The mean loss since the last evaluation; for a metric that should rise, the likelihood that goes with it."""
        mean = sum(self.losses[-every:]) / every
        return math.exp(-mean) if mode == "max" else mean

    def _loss(self, inputs: torch.Tensor, targets: torch.Tensor, when: str) -> torch.Tensor:
        scores = scores_of(self._model, inputs.to(self._device), when)
        check_scores(scores, targets, self._data.classes)
        return loss_of(scores, targets.to(self._device), when)


def _seed(seed: int) -> None:
    import torch

    torch.manual_seed(seed)
    random.seed(seed)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(seed % 2**32)
