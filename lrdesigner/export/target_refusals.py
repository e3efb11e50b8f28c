"""Why a training loop cannot take a design, in a sentence; "" where it can."""

from __future__ import annotations

from lrdesigner.document import Design
from lrdesigner.export.freezing import freeze_steps
from lrdesigner.optimizers import optimizer_name, optimizer_of
from lrdesigner.param_groups import param_groups, trained_groups
from lrdesigner.tracks import frozen_stretches


def closures_refused(library: str, design: Design) -> str:
    """Libraries that make the gradients before the step have no closure for LBFGS."""
    for parts in param_groups(design):
        options = parts[0].group.options
        if optimizer_of(options).needs_closure:
            return (
                f"{optimizer_name(options)} computes the loss anew within its step, which {library} does not do; "
                "export plain PyTorch, or choose another optimizer."
            )
    return ""


def trainer_refused(design: Design) -> str:
    """The Trainer takes one optimizer, steps it itself, and fails on a loss that needs no gradient."""
    optimizers = param_groups(design)
    if len(optimizers) > 1:
        names = list(dict.fromkeys(optimizer_name(parts[0].group.options) for parts in optimizers))
        why = " and ".join(names) if len(names) > 1 else f"each {names[0]}, steered differently"
        return f"The Trainer takes one optimizer, and the design has {len(optimizers)} ({why}); put all on one."
    at = _step_without_training(design)
    if at is not None:
        return f"Every group is frozen at step {at:,}, and the Trainer must train something at each; thaw one then."
    return closures_refused("the Trainer", design)


def lightning_refused(design: Design) -> str:
    """With several optimizers Lightning is stepped by hand, without closures."""
    return closures_refused("its manual optimization", design) if len(param_groups(design)) > 1 else ""


def _step_without_training(design: Design) -> int | None:
    """The first step at which all that trains is frozen."""
    lanes = [frozen_stretches(part.group.freeze, design.plan) for part in trained_groups(design)]
    turns = freeze_steps(design)
    return next((at for at in turns if all(any(a <= at < b for a, b in lane) for lane in lanes)), None)
