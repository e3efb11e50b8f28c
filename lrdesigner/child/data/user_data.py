"""Batches of the user's own: what FILE.py:FUNCTION returns, with a loss when wanted."""

from __future__ import annotations

import inspect
import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from lrdesigner.child.data.batch import Batch, TrialData, tensors_in
from lrdesigner.child.failures import JobError, user_code
from lrdesigner.child.pass_length import PassLength
from lrdesigner.child.randomness import OwnRandomness
from lrdesigner.child.user_files import find, import_file, split_source


def user_batches(text: str, batch_size: int, seed: int) -> TrialData:
    """The data of a function in a file; raises `JobError` for what cannot be trained on.

    What the function and its data draw is seeded, and apart from what the training draws.
    """
    file, name = split_source(text)
    source = _Source(file, name, batch_size, seed)
    found, loss = source.made()
    source.length.ask(found)
    return TrialData(
        source.batches(found, loss is not None),
        f"{name} in {os.path.basename(file)}",
        loss=loss,
        length=source.length,
    )


class _Source:
    """A function that is called again whenever what it gave is used up."""

    def __init__(self, file: str, name: str, batch_size: int, seed: int) -> None:
        self._place = f"{name} in {os.path.basename(file)}"
        self._batch_size, self._seed = batch_size, seed
        self._function = find(import_file(file), name, file)
        if not callable(self._function):
            raise JobError(
                f"{self._place} is not a function; it must return a Dataset, a DataLoader or pairs of batches."
            )
        self._randomness = OwnRandomness(seed)
        self.length = PassLength()

    def made(self) -> tuple[Iterable[Any], Callable[[Any, Any], Any] | None]:
        """What it gives now, as something that can be iterated over, and its loss."""
        with self._randomness.drawn(), user_code(f"Calling {self._place}"):
            try:
                inspect.signature(self._function).bind()  # type: ignore[arg-type]
            except TypeError as error:
                raise JobError(f"{self._place} must be callable without arguments: {error}.") from None
            found, loss = _parted(self._function(), self._place)  # type: ignore[operator]
        return _iterable(found, self._place, self._batch_size, self._seed), loss

    def batches(self, source: Iterable[Any], has_loss: bool) -> Iterator[Batch]:
        """Endless: begun again when they are used up."""
        while True:
            with self._randomness.drawn(), user_code(f"Iterating over the data of {self._place}"):
                iterator = iter(source)
            for count in itertools.count():
                with self._randomness.drawn(), user_code(f"Getting batch {count} of the data of {self._place}"):
                    item = next(iterator, None)
                if item is None:
                    break
                yield _batch(item, self._place, has_loss)
            if count == 0:
                raise JobError(f"The data of {self._place} holds no batches.")
            self.length.counted(count)
            if iterator is source:  # used up: only a new one can give more
                source, _ = self.made()


def _parted(found: Any, place: str) -> tuple[Any, Any]:
    """Data and loss of what a function has returned."""
    if not isinstance(found, tuple) or not any(callable(part) for part in found):
        return found, None
    if len(found) != 2 or not callable(found[1]):
        kinds = ", ".join(type(part).__name__ for part in found)
        raise JobError(f"{place} gave a tuple ({kinds}); it must return its data alone, or (data, loss).")
    return found[0], found[1]


def _iterable(found: Any, place: str, batch_size: int, seed: int) -> Iterable[Any]:
    import torch

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
        if len(dataset) == 0:
            raise JobError(f"The dataset of {place} is empty.")
        generator = torch.Generator().manual_seed(seed)
        full_only = len(dataset) > batch_size  # BatchNorm cannot train on a rest of one sample
        return torch.utils.data.DataLoader(dataset, batch_size, shuffle=True, drop_last=full_only, generator=generator)


def _batch(item: Any, place: str, has_loss: bool) -> Batch:
    import torch

    if isinstance(item, Mapping):
        return _checked(Batch(named={str(name): _tensors(value, place) for name, value in item.items()}), place)
    if isinstance(item, torch.Tensor) and has_loss:
        return _checked(Batch((item,)), place)
    if not isinstance(item, tuple | list) or len(item) != 2:
        size = f" of {len(item)}" if isinstance(item, tuple | list) else ""
        raise JobError(
            f"The data of {place} must give pairs (inputs, targets), but a batch is a {type(item).__name__}{size}."
        )
    inputs, targets = _inputs(item[0], place), item[1]
    if not (has_loss and isinstance(targets, Mapping | tuple | list)):
        targets = _tensor(targets, place)
        if targets.dim() == 0 or inputs.size != len(targets):
            shape = next((tuple(tensor.shape) for tensor in tensors_in((inputs.positional, inputs.named))), ())
            raise JobError(
                f"A batch of {place} has inputs of shape {shape} and targets of shape "
                f"{tuple(targets.shape)}: both need the same first dimension, the batch."
            )
    return _checked(Batch(inputs.positional, inputs.named, targets), place)


def _inputs(value: Any, place: str) -> Batch:
    """Several inputs come as a mapping, or as a tuple or list of tensors."""
    import torch

    if isinstance(value, Mapping):
        return Batch(named={str(name): _tensors(inner, place) for name, inner in value.items()})
    if isinstance(value, tuple | list) and value and all(isinstance(v, torch.Tensor) and v.dim() for v in value):
        return Batch(tuple(value))
    return Batch((_tensor(value, place),))


def _tensors(value: Any, place: str) -> Any:
    """Numbers as a tensor; what the model is told beside them, such as a flag, as it is."""
    return value if value is None or isinstance(value, bool | str) else _tensor(value, place)


def _tensor(value: Any, place: str) -> Any:
    import torch

    try:
        return torch.as_tensor(value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise JobError(f"A batch of {place} cannot be made a tensor: {error}.") from error


def _checked(batch: Batch, place: str) -> Batch:
    if batch.size == 0:
        raise JobError(f"The data of {place} gave an empty batch.")
    sizes = {len(tensor) for tensor in tensors_in(batch.named) if tensor.dim()}
    if len(sizes) > 1:
        told = " and ".join(str(size) for size in sorted(sizes))
        raise JobError(
            f"A batch of {place} has inputs of {told} samples: all need the same first dimension, the batch."
        )
    return batch
