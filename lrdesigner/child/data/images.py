"""The demo: handwritten digits, grown to the images that the model takes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lrdesigner.child.data.batch import Batch, TrialData, shuffled
from lrdesigner.child.data.taken import first_layer, first_taken, float_type, image_shapes
from lrdesigner.child.digits import demo_file, read_digits
from lrdesigner.child.failures import JobError, within

if TYPE_CHECKING:
    import torch
    from torch import nn

SIDE = 32
CLASSES = 10
TEST_EVERY = 5
MOST_NUMBERS = 100_000_000
"""In all grown digits together, up to which they are grown at once, so that the training need not wait for it."""


@dataclass(frozen=True)
class Form:
    """How a model takes images: `shape` is channels, height and width, or one number for a vector of all pixels."""

    shape: tuple[int, ...]
    name: str = ""


def digit_batches(model: nn.Module, batch_size: int, seed: int, inputs: Sequence[Mapping[str, Any]]) -> TrialData:
    """The demo's data; raises `JobError` where the model takes no images."""
    import torch

    digits = Digits(demo_file(), image_form(model, inputs), float_type(model))
    # The same fifth is held out whatever the seed: accuracies of two trials compare.
    held_out = torch.arange(digits.count) % TEST_EVERY == 0
    learned = (~held_out).nonzero().flatten()

    def batches() -> Iterator[Batch]:
        for chosen in shuffled(len(learned), batch_size, seed):
            yield digits.batch(learned[chosen])

    return TrialData(
        batches(),
        f"handwritten digits, grown to {' x '.join(str(size) for size in digits.form.shape)}",
        test=digits.batch(held_out.nonzero().flatten()),
        classes=CLASSES,
    )


class Digits:
    """All digits; images have mean 0 and standard deviation 1, as those of side 32 have it together."""

    def __init__(self, file: str, form: Form, dtype: torch.dtype) -> None:
        pixels, self._labels, greatest = read_digits(file)
        self.form, self._dtype = form, dtype
        self._pixels = pixels.unsqueeze(1).float() / greatest
        grown = _grown(self._pixels, (SIDE, SIDE))
        self._mean, self._deviation = grown.mean(), grown.std()
        self._channels, height, width = form.shape if len(form.shape) == 3 else _square(form.shape[0])
        self._size = (height, width)
        self._all = self._made(self._pixels) if self.count * height * width <= MOST_NUMBERS else None

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._labels)

    def batch(self, chosen: torch.Tensor) -> Batch:
        """Some of them, with their labels."""
        images = self._made(self._pixels[chosen]) if self._all is None else self._all[chosen]
        images = images.expand(-1, self._channels, -1, -1)
        images = images if len(self.form.shape) == 3 else images.flatten(1)
        named = {self.form.name: images} if self.form.name else {}
        return Batch(() if named else (images,), named, self._labels[chosen])

    def _made(self, pixels: torch.Tensor) -> torch.Tensor:
        return ((_grown(pixels, self._size) - self._mean) / self._deviation).to(self._dtype)


def _grown(pixels: torch.Tensor, size: Sequence[int]) -> torch.Tensor:
    import torch

    return torch.nn.functional.interpolate(pixels, size=list(size), mode="bilinear", align_corners=False)


def image_form(model: nn.Module, inputs: Sequence[Mapping[str, Any]]) -> Form:
    """As the described inputs say, else as the first layer and forward passes tell; raises `JobError`."""
    for given in inputs:
        if str(given["dtype"]).startswith(("float", "bfloat")) and len(given["shape"]) == 4:
            return Form(tuple(int(size) for size in given["shape"][1:]), str(given.get("name") or ""))
    kind, layer = first_layer(model)
    if kind in ("Embedding", "EmbeddingBag"):
        raise JobError(f"{type(model).__name__} takes token ids, not images: train it on text, or on data of your own.")
    try:
        return Form(first_taken(model, _candidates(model, kind, layer)))
    except JobError as error:
        raise JobError(
            f"The digits do not fit {type(model).__name__}, whatever their size: {within(error)}; give data of your "
            "own (FILE.py:FUNCTION), or make the design with --input."
        ) from error


def _candidates(model: nn.Module, kind: str, layer: Any) -> list[tuple[int, ...]]:
    if kind == "Conv2d":
        return image_shapes(model, (int(layer.in_channels),))
    shapes: list[tuple[int, ...]] = []
    if kind == "Linear":
        size = int(layer.in_features)
        shapes = [shape for shape in (_square(size, 1), _square(size, 3)) if shape[1]]
        shapes += [(size,)] if shapes else []
    return [*shapes, *image_shapes(model, (3, 1))]


def _square(size: int, channels: int = 0) -> tuple[int, int, int]:
    """Channels and sides of square images with so many pixels; sides of 0 where there are none."""
    for count in (channels,) if channels else (1, 3):
        side = math.isqrt(size // count)
        if side * side * count == size:
            return count, side, side
    return channels, 0, 0
