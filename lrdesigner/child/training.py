"""Training a model with an exported file: model, data, optimizers and schedulers, and one update after another."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lrdesigner.child.bad_numbers import BadNumbers, bad_gradients, bad_weights
from lrdesigner.child.build_model import build_model
from lrdesigner.child.channel import Channel
from lrdesigner.child.data.trial_data import trial_data
from lrdesigner.child.diagnostics import Watch
from lrdesigner.child.exported import Groups, Schedulers, build_optimizers, freeze_function, import_exported
from lrdesigner.child.failures import user_code
from lrdesigner.child.losses import loss_of, output_of
from lrdesigner.child.mixed_precision import MixedPrecision
from lrdesigner.child.model_walk import refuse_lazy
from lrdesigner.child.peers import ALONE, Alone
from lrdesigner.child.plan_walk import PlanWalk, plan_walk
from lrdesigner.child.probing import critical_rates, moments
from lrdesigner.child.randomness import seed_everything
from lrdesigner.child.training_step import learn, training_code, update
from lrdesigner.child.trial_settings import TrialSettings, settings_of
from lrdesigner.child.weights import load_weights

if TYPE_CHECKING:
    import torch
    from torch import nn
    from torch.optim import Optimizer

    from lrdesigner.child.data.batch import Batch, TrialData

Scale = Mapping[str, float]
"""What the planned rates of param groups are multiplied by, by name; 1 for those that it does not name."""


@dataclass(frozen=True)
class Update:
    """An update that was made: its step of the plan, the loss before it, and the rates that it used.

    `skipped`: the gradient scaler has skipped it, so that nothing changed and the schedule waits.
    """

    step: int
    loss: float
    rates: dict[str, float]
    skipped: bool = False


PROBED_BATCHES = 4
"""The last batches, of which critical rates are found: one alone would be the one that the update comes from."""

MOST_SKIPPED = 50
"""Skipped updates in a row: by then a gradient scaler that began at 65536 is at 6e-11, and nothing overflows by it."""


class NotFiniteError(Exception):
    """The loss or a gradient is not a finite number; nothing was changed by it. `bad` says which."""

    def __init__(self, bad: BadNumbers) -> None:
        super().__init__(bad)
        self.bad = bad


class Training:
    """A model that is trained by an exported file.

    Two trainings with the same request and seed start from the same weights and see the same batches in the same
    order. `losses` are those of the updates so far; `data_seconds` is how long they waited for data. With `peers`
    several processes train together, each on its share of every batch, as one would on all of it.
    """

    def __init__(
        self, request: Mapping[str, Any], channel: Channel, seed: int | None = None, peers: Alone = ALONE
    ) -> None:
        self.settings: TrialSettings = settings_of(request)
        self.channel = channel
        self.peers = peers
        self.device = peers.device(self.settings.device)
        seed = self.settings.seed if seed is None else seed
        seed_everything(seed)
        self.model = _model(request, self.settings.weights, self.device)
        self.data = _data(request, self.settings, self.model, seed)
        exported = import_exported(request["exported_file"])
        self._freeze = freeze_function(exported)
        forward = peers.forward(exported, self.model)
        self.optimizers: tuple[Optimizer, ...] = build_optimizers(exported, self.model)
        self.schedulers = Schedulers(exported, self.optimizers)
        self.groups = Groups(self.optimizers)
        self.walk: PlanWalk = plan_walk(
            int(request["total_steps"]), self.settings.steps, self.settings.start, self.settings.whole
        )
        self.schedulers.start_at(self.walk.step(0))
        self.precision = MixedPrecision(self.settings.precision, self.device, peers)
        self._forward: Any = self._compiled(forward) if self.settings.compile else forward
        self._probes = moments(self.walk.updates, self.settings.probes)
        self._design_groups: Mapping[str, Any] = request.get("groups", {})
        self.watch = Watch(self.optimizers, self.groups.names, self._is_measured)
        self.critical: list[dict[str, Any]] = []
        self._recent: deque[Any] = deque(maxlen=PROBED_BATCHES)
        self.losses: list[float] = []
        self.steps: list[int] = []
        self.skipped = self._skipped_in_a_row = 0
        self.data_seconds = 0.0
        self.model.train()
        # What dropout draws must not depend on how much the construction drew, and not be the same in all processes.
        seed_everything(seed + peers.rank)

    def update(self, scale: Scale | None = None) -> Update:
        """Make the next update; raises `NotFiniteError` where its loss or a gradient is none: nothing has changed.

        With `scale` it is made with multiples of the planned rates, which are the planned ones again afterwards.
        """
        step = self.walk.step(len(self.losses))
        self._freeze(self.model, step)
        batches = [self.next_batch() for _ in range(self.settings.accumulation)]
        self.critical = []
        if self._probes:
            self._recent.extend(batches)
        value = self._gradients(batches, f"step {step}", self.precision.scaled)
        if not math.isfinite(value):
            raise NotFiniteError(bad_weights(self.groups.members, self.model) or BadNumbers("loss"))
        self._refuse_bad_gradients()
        rates = self.groups.rates(step)
        used = self.groups.multiply(rates, scale) if scale else rates
        skipped = self._apply(batches, f"step {step}")
        if scale:
            self.groups.put(rates)
        self._skipped_in_a_row = self._skipped_in_a_row + 1 if skipped else 0
        if skipped:
            self.skipped += 1
            return Update(step, value, used, skipped=True)
        if self._is_probed:
            self.critical = critical_rates(self, self._design_groups, list(self._recent), step, used)
            self.watch.weights = []
        self._go_on(step, value)
        return Update(step, value, used)

    def next_batch(self) -> Batch:
        """The next batch of the data; the time that it takes is counted."""
        began = time.perf_counter()
        batch: Batch = self.peers.deal(lambda: next(self.data.batches))
        self.data_seconds += time.perf_counter() - began
        return batch

    def loss(self, batch: Batch, when: str) -> torch.Tensor:
        """The loss of a batch, with its graph."""
        with training_code(f"Moving the batch of {when} to {self.device}"):
            moved = batch.to(self.device)
        with self.precision.autocast():
            output = output_of(self._forward, moved, when)
            return loss_of(output, moved, when, self.data, batch.targets)

    def _compiled(self, forward: Any) -> Any:
        import torch

        with user_code("torch.compile"):
            return torch.compile(forward)

    def _gradients(
        self,
        batches: list[Batch],
        when: str,
        scaled: Callable[[torch.Tensor], torch.Tensor],
    ) -> float:
        """Fill in the gradients of the mean loss of these batches; the loss. A loss that is not finite ends it."""
        for optimizer in self.optimizers:
            optimizer.zero_grad(set_to_none=True)
        total = 0.0
        for batch in batches:
            loss = self.loss(batch, when) * batch.weight
            total += self.peers.mean(float(loss.item())) / len(batches)
            if not math.isfinite(total):
                break
            if loss.requires_grad:  # not so when everything is frozen
                learn(scaled(loss / len(batches)), when)
        return total

    def _refuse_bad_gradients(self) -> None:
        """Before an optimizer spoils the weights by them; a gradient scaler does so by itself, but not for ever."""
        if not self.precision.scales or self._skipped_in_a_row >= MOST_SKIPPED:
            bad = bad_gradients(self.groups.members, self.model)
            if bad is not None:
                raise NotFiniteError(bad)

    def _apply(self, batches: list[Batch], when: str) -> bool:
        """Step the optimizers with the gradients that there are; True where the gradient scaler skipped that."""
        import torch

        self.precision.unscale(self.optimizers)
        self.watch.before(len(self.losses))
        if self.settings.clip is not None:
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.settings.clip)

        def again() -> float:
            return self._gradients(batches, when, lambda loss: loss)

        skipped = self.precision.step(self.optimizers, lambda optimizers: update(optimizers, again, when))
        self.watch.after(keep=self._is_probed)
        return skipped

    @property
    def _is_probed(self) -> bool:
        return len(self.losses) in self._probes

    def _is_measured(self, update: int) -> bool:
        every = self.settings.diagnose_every
        last = self.walk.updates - 1
        return update in self._probes or (every > 0 and (update % every == 0 or update == last))

    def _go_on(self, step: int, value: float) -> None:
        self.losses.append(value)
        self.steps.append(step)
        self.channel.step = len(self.losses)
        following = self.walk.step(len(self.losses))
        with user_code(f"The scheduler at step {step}"):
            self.schedulers.go(step, following, lambda place, every, mode: self._metric(following, every, mode))

    def _metric(self, step: int, every: int, mode: str) -> float:
        """The mean loss of the last `every` steps; for a metric that should rise, the likelihood that goes with it."""
        first = len(self.steps) - 1
        while first > 0 and self.steps[first - 1] >= step - every:
            first -= 1
        found = self.losses[first:]
        mean = sum(found) / len(found)
        return math.exp(-mean) if mode == "max" else mean


def _model(request: Mapping[str, Any], weights: str, device: torch.device) -> nn.Module:
    model: nn.Module = build_model(request["source"], request.get("kwargs", {}), "cpu", fresh=True)
    refuse_lazy(model)
    if weights:
        load_weights(model, weights)
    with user_code(f"Moving the model to {device}"):
        return model.to(device)


def _data(request: Mapping[str, Any], settings: TrialSettings, model: nn.Module, seed: int) -> TrialData:
    inputs = request.get("inputs") or ()
    return trial_data(settings.data, model, settings.batch_size, seed, inputs, settings.one_batch)
