"""Text that every Python has, the topics of its help: for language models, which tell the next character."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lrdesigner.child.data.batch import Batch, TrialData, shuffled
from lrdesigner.child.data.taken import parameters_of, text_length, tried, vocabulary
from lrdesigner.child.failures import JobError, within
from lrdesigner.child.losses import loss_of

if TYPE_CHECKING:
    import torch
    from torch import nn

TEST_SHARE = 10
"""One part of so many is held out: the end."""
MOST_TESTED = 256
"""Samples: a large model on a CPU needs long for each."""


def text_batches(model: nn.Module, batch_size: int, seed: int, inputs: Sequence[Mapping[str, Any]]) -> TrialData:
    """Windows of the text in a shuffled order; raises `JobError` where the model takes no token ids."""
    import torch

    known = vocabulary(model)
    if not known:
        raise JobError(
            f"{type(model).__name__} has no embedding, so it takes no text: train it on demo, synthetic or "
            "FILE.py:FUNCTION."
        )
    text = help_text()
    length, form = text_length(model, inputs), _form(model, inputs)
    ids = torch.frombuffer(bytearray(text), dtype=torch.uint8).long() % known
    windows = ids[: (len(ids) - 1) // length * length].reshape(-1, length)
    following = ids[1 : windows.numel() + 1].reshape(-1, length)
    _try(model, form(windows[:2], following[:2]))
    learned = len(windows) - max(len(windows) // TEST_SHARE, 1)

    def batches() -> Iterator[Batch]:
        for chosen in shuffled(learned, batch_size, seed):
            yield form(windows[chosen], following[chosen])

    return TrialData(
        batches(),
        f"the topics of the help of Python {sys.version_info[0]}.{sys.version_info[1]}, {length} bytes a sample "
        f"(sha256 {hashlib.sha256(text).hexdigest()[:12]})",
        test=form(windows[learned:][:MOST_TESTED], following[learned:][:MOST_TESTED]),
    )


def _try(model: nn.Module, batch: Batch) -> None:
    """Raise `JobError` unless the model tells the next tokens of this batch."""
    device = next((parameter.device for parameter in model.parameters()), None)
    try:
        output = tried(model, batch.positional, batch.named)
        loss_of(output, batch if device is None else batch.to(device), "a trial batch", TrialData(iter(()), "text"))
    except JobError as error:
        raise JobError(
            f"{type(model).__name__} does not tell the next token of a text, given {batch.told()}: {within(error)}; "
            "train it on synthetic or FILE.py:FUNCTION."
        ) from error


def help_text() -> bytes:
    """All topics in a fixed order; raises `JobError` where this Python lacks them."""
    try:
        from pydoc_data.topics import topics
    except ImportError as error:
        raise JobError(
            f"{sys.executable} lacks pydoc_data, whose text a trial on text uses; choose another Python, or give data "
            "of your own (FILE.py:FUNCTION)."
        ) from error
    return "\n\n".join(topics[name] for name in sorted(topics)).encode()


def _form(model: nn.Module, inputs: Sequence[Mapping[str, Any]]) -> Any:
    """How the model is called: with ids, with ids and targets of which it makes its loss, or by names."""
    known = parameters_of(model)
    described = {str(given.get("name") or "") for given in inputs} - {""}

    def by_name(ids: torch.Tensor, following: torch.Tensor) -> Batch:
        return Batch(named={"input_ids": ids, "labels": ids})  # such models shift the labels themselves

    def with_targets(ids: torch.Tensor, following: torch.Tensor) -> Batch:
        return Batch((ids,), {"targets": following})

    def alone(ids: torch.Tensor, following: torch.Tensor) -> Batch:
        name = next(iter(described)) if len(described) == 1 else ""
        return Batch(() if name else (ids,), {name: ids} if name else {}, following)

    if {"input_ids", "labels"} <= known:
        return by_name
    return with_targets if "targets" in known else alone
