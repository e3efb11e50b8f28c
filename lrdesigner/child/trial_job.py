"""The trial job: a short real training run of a model with an exported file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lrdesigner.child.bad_numbers import BadNumbers
from lrdesigner.child.channel import Channel
from lrdesigner.child.evaluation import measured
from lrdesigner.child.failures import JobError
from lrdesigner.child.memory_use import memory_in_use
from lrdesigner.child.out_of_memory import fitting_batch_size, ran_out_of_memory
from lrdesigner.child.peers import ALONE, Alone
from lrdesigner.child.timing import Timing
from lrdesigner.child.training import NotFiniteError, Training, Update
from lrdesigner.child.training_step import device_name
from lrdesigner.child.trial_settings import settings_of

FINAL_LOSSES = 10
CALIBRATION_UPDATES = 8


def trial(request: Mapping[str, Any], channel: Channel) -> tuple[str, dict[str, Any]]:
    """Train as the request says, reporting each update; the same request gives the same numbers on a CPU.

    A loss, or a gradient without a gradient scaler, that is not finite ends the run as "diverged": `diverged_at_step`
    tells the step, which is not reported, and `bad_what` what was not finite.
    """
    if settings_of(request).processes > 1:
        from lrdesigner.child.ranks import trial_in_ranks

        return trial_in_ranks(request, channel)
    return train(request, channel)


def train(request: Mapping[str, Any], channel: Channel, peers: Alone = ALONE) -> tuple[str, dict[str, Any]]:
    """`trial` in this process, which with `peers` is one of several."""
    channel.send("progress", {"stage": "building the model"})
    run = _Trial(_with_steps(request, channel, peers), channel, peers)
    try:
        reason = run.train()
        metrics = run.summary()
        if reason == "diverged":
            metrics |= run.divergence()
        if reason == "finished":
            metrics |= run.measure()
    except JobError as error:
        error.metrics = run.summary() | (_fitting(error, run.training) if peers.count == 1 else {})
        raise
    return reason, metrics


def _with_steps(request: Mapping[str, Any], channel: Channel, peers: Alone) -> Mapping[str, Any]:
    """The request; where the whole plan shall take some seconds, with the number of updates that this makes.

    The number is settled before the run, by a few updates of another copy of the model, because a schedule that
    followed the clock would be another one every time.
    """
    settings = settings_of(request)
    if not settings.whole or settings.seconds is None:
        return request
    channel.send("progress", {"stage": "measuring the speed"})
    probe, timing = Training(request, channel, peers=peers), Timing()
    for _ in range(CALIBRATION_UPDATES):
        if channel.stop.is_set():
            break
        try:
            probe.update()
        except NotFiniteError:  # the run itself will tell
            break
        timing.note_update(probe)
    channel.step = 0
    fit = peers.agreed(max(int(settings.seconds / max(timing.seconds_per_update, 1e-9)), 1))
    steps = min(fit, settings.steps or fit, probe.walk.total)
    return {**request, "options": {**request["options"], "steps": steps, "seconds": None}}


class _Trial:
    """One training run with its reports."""

    def __init__(self, request: Mapping[str, Any], channel: Channel, peers: Alone) -> None:
        self.training = Training(request, channel, peers=peers)
        self._channel = channel
        self._timing = Timing()
        self._bad: BadNumbers | None = None

    def train(self) -> str:
        """Make the updates; "finished", "stopped" or "diverged"."""
        training, timing = self.training, self._timing
        seconds = training.settings.seconds
        # The first update of a compiled model may take a minute.
        self._tell_stage("compiling the model" if training.settings.compile else "training")
        timing.begin()
        while len(training.losses) < training.walk.updates:
            timing.paused(self._channel.wait_while_paused())
            if self._channel.stop.is_set():
                return "stopped"
            if seconds is not None and training.peers.agreed(timing.seconds >= seconds):
                break
            try:
                update = training.update()
            except NotFiniteError as error:
                self._bad = error.bad
                return "diverged"
            timing.note_update(training)
            if training.settings.compile and len(training.losses) == 1:
                self._tell_stage("training")
            if not update.skipped:
                self._report(update)
        return "finished"

    def _report(self, update: Update) -> None:
        training, send = self.training, self._channel.send
        send("metrics", {"step": update.step, "loss": update.loss, "lr": update.rates})
        if training.watch.measured is not None:
            figures = {"memory": memory_in_use(training.device), "skipped": training.skipped, **self._timing.lap()}
            send("diagnostics", {"step": update.step, "groups": training.watch.measured, **figures})
        for found in training.critical:
            send("critical", found)

    def _tell_stage(self, stage: str) -> None:
        self._channel.send("progress", {"stage": stage, "total": self.training.walk.updates})

    def summary(self) -> dict[str, Any]:
        """What is known at any end of the run; losses are None before the first step."""
        training = self.training
        last = training.losses[-FINAL_LOSSES:]
        return {
            "steps": len(training.losses),
            "updates_planned": training.walk.updates,
            "seconds": round(self._timing.seconds, 3),
            "device": device_name(training.device),
            "parameters": sum(parameter.numel() for parameter in training.model.parameters()),
            "first_loss": training.losses[0] if training.losses else None,
            "final_loss": sum(last) / len(last) if last else None,
            "skipped": training.skipped,
            "processes": training.peers.count,
            **training.data.length.figures(),
            "memory": memory_in_use(training.device),
            **self._timing.figures(),
        }

    def divergence(self) -> dict[str, Any]:
        """Where it diverged, and what was not finite."""
        step = self.training.walk.step(len(self.training.losses))
        return {"diverged_at_step": step, **(self._bad.figures() if self._bad else {})}

    def measure(self) -> dict[str, float]:
        """`test_accuracy` or `test_loss` on samples that were held out; nothing without any, or when stopped."""
        if self.training.data.test is None:
            return {}
        self._channel.send("progress", {"stage": "measuring on samples that were held out"})
        return measured(self.training, self._channel.stop.is_set)


def _fitting(error: JobError, training: Training) -> dict[str, Any]:
    """After running out of memory, the batch size that fits, found by trying smaller ones; 0 for none."""
    return {"fits_batch_size": fitting_batch_size(training, error)} if ran_out_of_memory(error) else {}
