"""The loss of a batch: the user's own, the one that the model returns, cross entropy, or the mean squared error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from lrdesigner.child.data.batch import Batch, TrialData, tensors_in, told
from lrdesigner.child.failures import JobError
from lrdesigner.child.training_step import training_code

if TYPE_CHECKING:
    import torch

IGNORED = -100
"""A target that cross entropy leaves out."""


def output_of(model: Callable[..., Any], batch: Batch, when: str) -> Any:
    """The forward pass, whatever it gives."""
    with training_code(f"The forward pass of {when}, with inputs of {batch.told()},"):
        return model(*batch.positional, **batch.named)


def scores_in(output: Any) -> torch.Tensor:
    """Of an output with several parts, its `logits` or else its first tensor; raises `JobError` without one."""
    import torch

    if isinstance(output, torch.Tensor):
        return output
    found = output.get("logits") if isinstance(output, Mapping) else getattr(output, "logits", None)
    if found is None:
        found = next(tensors_in(output), None)
    if not isinstance(found, torch.Tensor):
        raise JobError("The model's output is neither a tensor nor has it `logits`; a trial cannot make a loss of it.")
    return found


def returned_loss(output: Any, batch: Batch) -> Any:
    """The loss that the model has made itself, or None: the output's `loss`, or a single number beside other parts.

    A single number beside scores is no loss where the batch has targets, which the model has not seen: some models
    return a part of the loss only.
    """
    import torch

    if isinstance(output, torch.Tensor):
        return output if output.dim() == 0 and batch.targets is None else None
    found = output.get("loss") if isinstance(output, Mapping) else getattr(output, "loss", None)
    if found is None and isinstance(output, tuple | list) and batch.targets is None:
        numbers = [part for part in output if isinstance(part, torch.Tensor) and part.dim() == 0]
        found = numbers[0] if len(numbers) == 1 else None
    return found if isinstance(found, torch.Tensor) else None


def loss_of(output: Any, batch: Batch, when: str, data: TrialData, unmoved: torch.Tensor | None = None) -> torch.Tensor:
    """One number, of an output and the batch of the data that it belongs to.

    `unmoved` are its targets where they came from: to look at those on a GPU is to wait for it. Raises `JobError` that
    says what was got and how to mend it.
    """
    if data.loss is not None:
        with training_code(f"Your loss of {when}"):
            found = data.loss(output, batch.goal)
        return _one_number(found, when)
    found = returned_loss(output, batch)
    if found is not None:
        return _one_number(found, when)
    scores = scores_in(output)
    if batch.targets is None:
        raise JobError(
            f"The batch of {when} has no targets, and the model has returned no loss but an output of {told(scores)}; "
            "give pairs (inputs, targets), or return (data, loss) from your data function."
        )
    check_scores(scores, batch.targets if unmoved is None else unmoved, data.classes)
    return _fitting_loss(scores, batch.targets, when)


def check_scores(scores: torch.Tensor, targets: torch.Tensor, classes: int | None) -> None:
    """Raise `JobError` where cross entropy would fail, on a GPU without saying why."""
    if classes is not None and (scores.dim() != 2 or scores.shape[1] < classes):
        raise JobError(
            f"The model's output has shape {tuple(scores.shape)}, but the data needs scores of {classes} classes, "
            f"shape ({len(targets)}, {classes}); choose data of your own that fits the model."
        )
    if targets.is_floating_point() or scores.dim() < 2:
        return
    known = scores.shape[-1] if _classes_are_last(scores, targets) else scores.shape[1]
    greatest = int(targets.max())
    if greatest >= known:
        raise JobError(f"A target is class {greatest}, but the model gives scores of {known} classes.")
    if bool(((targets < 0) & (targets != IGNORED)).any()):
        raise JobError(f"A target is class {int(targets.min())}; classes are counted from 0, and {IGNORED} is ignored.")


def _fitting_loss(scores: torch.Tensor, targets: torch.Tensor, when: str) -> torch.Tensor:
    """Cross entropy or the mean squared error, computed in at least float32."""
    from torch.nn import functional

    with training_code(f"The loss of {when}, of outputs of {told(scores)} and targets of {told(targets)},"):
        if targets.is_floating_point():
            if [n for n in targets.shape if n != 1] == [n for n in scores.shape if n != 1]:
                return functional.mse_loss(scores.float(), targets.reshape(scores.shape).float())
        elif _classes_are_last(scores, targets):
            return functional.cross_entropy(scores.flatten(0, -2).float(), targets.flatten().long())
        elif scores.dim() >= 2 and targets.shape == (scores.shape[0], *scores.shape[2:]):
            return functional.cross_entropy(scores.float(), targets.long())
    raise JobError(
        f"The model's output at {when} has shape {tuple(scores.shape)} and the targets have {told(targets)}: no loss "
        f"fits them; give classes as whole numbers of shape {tuple(scores.shape[:-1])}, numbers of shape "
        f"{tuple(scores.shape)}, or return (data, loss) from your data function."
    )


def _classes_are_last(scores: torch.Tensor, targets: torch.Tensor) -> bool:
    """As language models have it, (N, T, V); images have them second, (N, C, H, W), also where both would fit."""
    second = targets.shape == (scores.shape[0], *scores.shape[2:]) if scores.dim() >= 2 else False
    return targets.shape == scores.shape[:-1] and (scores.dim() <= 3 or not second)


def _one_number(loss: Any, when: str) -> torch.Tensor:
    import torch

    if not isinstance(loss, torch.Tensor):
        raise JobError(
            f"The loss of {when} is of type {type(loss).__name__}: it must be a tensor that holds one number."
        )
    if loss.numel() != 1:
        raise JobError(f"The loss of {when} has shape {tuple(loss.shape)}: it must be one number; take its mean.")
    return loss.reshape(())
