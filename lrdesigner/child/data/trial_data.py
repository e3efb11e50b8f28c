"""The data that a trial names: digits, text, random numbers, or what a function of the user gives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lrdesigner.child.data.batch import Batch, TrialData
from lrdesigner.child.data.images import digit_batches
from lrdesigner.child.data.synthetic import synthetic_batches
from lrdesigner.child.data.text import text_batches
from lrdesigner.child.data.user_data import user_batches
from lrdesigner.child.failures import JobError
from lrdesigner.child.user_files import names_file

if TYPE_CHECKING:
    from torch import nn


def trial_data(
    text: str,
    model: nn.Module,
    batch_size: int,
    seed: int,
    inputs: Sequence[Mapping[str, Any]] = (),
    one_batch: bool = False,
) -> TrialData:
    """The data that a request names, made to fit the model; raises `JobError` for what cannot be trained on.

    `inputs` describe those of the model, each with a dtype, a shape that includes the batch, and a name where it is a
    keyword argument. With `one_batch` the first batch comes again and again, and nothing is held out.
    """
    if batch_size < 1:
        raise JobError("The batch size must be at least 1.")
    own = {"demo": digit_batches, "text": text_batches, "synthetic": synthetic_batches}
    if text in own:
        data = own[text](model, batch_size, seed, inputs)
    elif names_file(text):
        data = user_batches(text, batch_size, seed)
    else:
        raise JobError(f"Unknown data {text!r}: give demo, text, synthetic or FILE.py:FUNCTION.")
    if not one_batch:
        return data
    return replace(
        data,
        batches=_first_again(data.batches),
        label=f"{data.label}, one batch again and again",
        test=None,
        evidence=False,
    )


def _first_again(batches: Iterator[Batch]) -> Iterator[Batch]:
    first = next(batches)
    while True:
        yield first
