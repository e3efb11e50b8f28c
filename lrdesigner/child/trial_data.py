"""Batches for a trial: the demo's digits, random images of the same shape, or what a function of the user gives."""

from __future__ import annotations

import inspect
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lrdesigner.child.digits import demo_file, read_digits
from lrdesigner.child.failures import JobError, user_code
from lrdesigner.child.pass_length import PassLength
from lrdesigner.child.user_files import find, import_file, names_file, split_source

if TYPE_CHECKING:
    import torch

    Batch = tuple[torch.Tensor, torch.Tensor]

SIDE = 32
CLASSES = 10
TEST_EVERY = 5
SYNTHETIC_IMAGES = 1437


@dataclass(frozen=True)
class TrialData:
    """`batches` never ends; `test` is held-out (inputs, targets); `classes` is None when not known.

    `length` is of the data of the user: a pass over the demo's says nothing about a plan.
    """

    batches: Iterator[Batch]
    test: Batch | None = None
    classes: int | None = None
    length: PassLength = field(default_factory=PassLength)


def trial_data(data: str, batch_size: int, seed: int) -> TrialData:
    """The data that a request names; raises `JobError` for what cannot be trained on."""
    if batch_size < 1:
        raise JobError("The batch size must be at least 1.")
    if data == "demo":
        return _demo(batch_size, seed)
    if data == "synthetic":
        return _synthetic(batch_size, seed)
    if names_file(data):
        file, name = split_source(data)
        length = PassLength()
        return TrialData(_user_batches(file, name, batch_size, seed, length), length=length)
    raise JobError(f"Unknown data {data!r}: give demo, synthetic or FILE.py:FUNCTION.")


def digit_images(file: str) -> Batch:
    """All digits as float images 3 x 32 x 32 with mean 0 and standard deviation 1, and their labels."""
    import torch

    pixels, labels, greatest = read_digits(file)
    images = pixels.unsqueeze(1).float() / greatest
    images = torch.nn.functional.interpolate(images, size=(SIDE, SIDE), mode="bilinear", align_corners=False)
    images = (images - images.mean()) / images.std()
    return images.expand(-1, 3, -1, -1), labels


def shuffled_batches(images: torch.Tensor, labels: torch.Tensor, batch_size: int, seed: int) -> Iterator[Batch]:
    """Endless batches of exactly `batch_size`: epochs in new orders, one after the other, no sample left out.

    A batch may hold the end of one epoch and the start of the next: a rest of one sample would break BatchNorm.
    """
    import torch

    generator = torch.Generator().manual_seed(seed)
    order = torch.empty(0, dtype=torch.long)
    while True:
        while len(order) < batch_size:
            order = torch.cat([order, torch.randperm(len(labels), generator=generator)])
        chosen, order = order[:batch_size], order[batch_size:]
        yield images[chosen], labels[chosen]


def _demo(batch_size: int, seed: int) -> TrialData:
    import torch

    images, labels = digit_images(demo_file())
    # The same fifth is held out whatever the seed: accuracies of two trials compare.
    held_out = torch.arange(len(labels)) % TEST_EVERY == 0
    batches = shuffled_batches(images[~held_out], labels[~held_out], batch_size, seed)
    return TrialData(batches, (images[held_out], labels[held_out]), CLASSES)


def _synthetic(batch_size: int, seed: int) -> TrialData:
    import torch

    generator = torch.Generator().manual_seed(seed)
    images = torch.randn(SYNTHETIC_IMAGES, 3, SIDE, SIDE, generator=generator)
    labels = torch.randint(0, CLASSES, (SYNTHETIC_IMAGES,), generator=generator)
    return TrialData(shuffled_batches(images, labels, batch_size, seed), classes=CLASSES)


def _user_batches(file: str, name: str, batch_size: int, seed: int, length: PassLength) -> Iterator[Batch]:
    place = f"{name} in {os.path.basename(file)}"
    function = find(import_file(file), name, file)
    if not callable(function):
        raise JobError(f"{place} is not a function; it must return a Dataset, a DataLoader or pairs of batches.")
    return _repeated(function, place, batch_size, seed, length)


def _repeated(function: Any, place: str, batch_size: int, seed: int, length: PassLength) -> Iterator[Batch]:
    source = _called(function, place, batch_size, seed)
    length.ask(source)
    while True:
        count = 0
        with user_code(f"Iterating over the data of {place}"):
            iterator = iter(source)
        while True:
            with user_code(f"Getting batch {count} of the data of {place}"):
                item = next(iterator, None)
            if item is None:
                break
            yield _pair(item, place)
            count += 1
        if count == 0:
            raise JobError(f"The data of {place} holds no batches.")
        length.counted(count)
        if iterator is source:  # used up: only a new one can give more
            source = _called(function, place, batch_size, seed)


def _called(function: Any, place: str, batch_size: int, seed: int) -> Iterable[Any]:
    import torch

    with user_code(f"Calling {place}"):
        try:
            inspect.signature(function).bind()
        except TypeError as error:
            raise JobError(f"{place} must be callable without arguments: {error}.") from None
        found = function()
    if isinstance(found, torch.utils.data.Dataset):
        return _loader(found, place, batch_size, seed)
    if isinstance(found, str | bytes | dict | torch.Tensor | torch.nn.Module) or not hasattr(found, "__iter__"):
        raise JobError(
            f"{place} gave a value of type {type(found).__name__}; it must return a Dataset, a DataLoader or an "
            "iterable of (inputs, targets) batches."
        )
    return found  # type: ignore[no-any-return]


def _loader(dataset: Any, place: str, batch_size: int, seed: int) -> Iterable[Any]:
    import torch

    with user_code(f"Reading the dataset of {place}"):
        if isinstance(dataset, torch.utils.data.IterableDataset):
            return torch.utils.data.DataLoader(dataset, batch_size)
        generator = torch.Generator().manual_seed(seed)
        full_only = len(dataset) > batch_size  # BatchNorm cannot train on a rest of one sample
        return torch.utils.data.DataLoader(dataset, batch_size, shuffle=True, drop_last=full_only, generator=generator)


def _pair(item: Any, place: str) -> Batch:
    import torch

    if not isinstance(item, tuple | list) or len(item) != 2:
        size = f" of {len(item)}" if isinstance(item, tuple | list) else ""
        raise JobError(
            f"The data of {place} must give pairs (inputs, targets), but a batch is a {type(item).__name__}{size}."
        )
    try:
        inputs, targets = torch.as_tensor(item[0]), torch.as_tensor(item[1])
    except (TypeError, ValueError, RuntimeError) as error:
        raise JobError(f"A batch of {place} cannot be made a tensor: {error}.") from error
    if inputs.dim() == 0 or targets.dim() == 0 or len(inputs) != len(targets):
        raise JobError(
            f"A batch of {place} has inputs of shape {tuple(inputs.shape)} and targets of shape "
            f"{tuple(targets.shape)}: both need the same first dimension, the batch."
        )
    if len(inputs) == 0:
        raise JobError(f"The data of {place} gave an empty batch.")
    return inputs, targets
