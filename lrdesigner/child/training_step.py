"""The pieces of one training step that can meet a mismatch between model, data and device."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from lrdesigner.child.failures import JobError, user_code
from lrdesigner.child.out_of_memory import is_out_of_memory

if TYPE_CHECKING:
    import torch
    from torch.optim import Optimizer


def chosen_device(text: str) -> torch.device:
    """The device of a request; "auto" is CUDA, else Apple's MPS, else the CPU. Raises `JobError` if it is not there."""
    import torch

    cuda = torch.cuda.is_available()
    mps = torch.backends.mps.is_available()
    if text == "auto":
        text = "cuda" if cuda else "mps" if mps else "cpu"
    there = {"cpu": True, "cuda": cuda, "mps": mps}
    if text not in there:
        raise JobError(f"Unknown device {text!r}: give auto, cpu, cuda or mps.")
    if not there[text]:
        raise JobError(f"This Python's torch finds no {text} device; choose auto or cpu.")
    return torch.device(text)


def device_name(device: torch.device) -> str:
    """What a person calls the device, such as "cpu" or "cuda (NVIDIA H100)"."""
    import torch

    return f"cuda ({torch.cuda.get_device_name(device)})" if device.type == "cuda" else device.type


def learn(loss: torch.Tensor, when: str) -> None:
    """The backward pass."""
    with training_code(f"The backward pass of {when}"):
        loss.backward()  # type: ignore[no-untyped-call]


def needs_closure(optimizer: Optimizer) -> bool:
    """Whether its `step` has to be given a function that computes the loss anew, as LBFGS wants it."""
    try:
        closure = inspect.signature(optimizer.step).parameters.get("closure")
    except (TypeError, ValueError):  # some callables cannot tell
        return False
    return closure is not None and closure.default is inspect.Parameter.empty


def update(optimizers: Sequence[Optimizer], again: Callable[[], Any], when: str) -> None:
    """Step every optimizer once the gradients are there; `again` computes them and the loss anew, for a closure.

    Those that want a closure come last, since it replaces the gradients.
    """
    with user_code(f"The optimizer at {when}"):
        for optimizer in sorted(optimizers, key=needs_closure):
            if needs_closure(optimizer):
                optimizer.step(again)
            else:
                _dense_or_sparse_step(optimizer, when)


def _dense_or_sparse_step(optimizer: Optimizer, when: str) -> None:
    try:
        optimizer.step()
    except RuntimeError as error:
        if "does not support dense gradients" not in str(error):
            raise
        raise JobError(
            f"{type(optimizer).__name__} at {when} met dense gradients, but takes sparse ones only: those of "
            "torch.nn.Embedding and EmbeddingBag made with sparse=True. Make them so, or choose another optimizer."
        ) from error


def step_without_gradients(optimizer: Optimizer) -> None:
    """Let torch see a step of an optimizer whose parameters have no gradients; nothing changes.

    A closure is not answered: what it would be asked for are numbers, which parameters on meta do not have.
    """
    if not needs_closure(optimizer):
        optimizer.step()
        return

    def closure() -> float:
        raise _NoNumbersError

    with contextlib.suppress(_NoNumbersError):
        optimizer.step(closure)


class _NoNumbersError(Exception):
    """There is no loss to be computed."""


@contextlib.contextmanager
def training_code(doing: str) -> Iterator[None]:
    """As `user_code`; running out of memory is told as such."""
    with user_code(doing):
        try:
            yield
        except Exception as error:
            if is_out_of_memory(error):
                raise JobError(f"{doing} ran out of memory; use a smaller batch size.") from error
            raise
