"""Random batches that the model takes, made from its own signature, with targets made to fit its output."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lrdesigner.child.data.batch import Batch, TrialData, shuffled, tensors_in
from lrdesigner.child.data.taken import (
    first_layer,
    first_taken,
    float_type,
    image_shapes,
    text_length,
    tried,
    vocabulary,
)
from lrdesigner.child.failures import JobError
from lrdesigner.child.losses import returned_loss, scores_in

if TYPE_CHECKING:
    import torch
    from torch import nn

    Maker = Callable[[int, torch.Generator], torch.Tensor]
    """Makes so many samples of one input."""

SAMPLES = 1437
MOST_NUMBERS = 16_000_000
"""In all samples together: of large ones there are fewer, but a batch at least."""
LENGTHS = (128, 64, 256, 1024, 4096, 16_000)
"""Of signals, to try."""


@dataclass(frozen=True)
class _Makers:
    positional: tuple[Maker, ...] = ()
    named: Mapping[str, Maker] | None = None

    def batch(self, count: int, generator: torch.Generator) -> Batch:
        named = {name: make(count, generator) for name, make in (self.named or {}).items()}
        return Batch(tuple(make(count, generator) for make in self.positional), named)


def synthetic_batches(model: nn.Module, batch_size: int, seed: int, inputs: Sequence[Mapping[str, Any]]) -> TrialData:
    """Random samples that come again in every epoch; raises `JobError` where nobody knows what the model takes."""
    import torch

    makers = _described(model, inputs) or _dummies(model) or _of_first_layer(model, inputs)
    pair = makers.batch(2, torch.Generator().manual_seed(seed))
    output = tried(model, pair.positional, pair.named)
    numbers = max(sum(tensor.numel() // 2 for tensor in tensors_in((pair.positional, pair.named))), 1)
    count = max(min(SAMPLES, MOST_NUMBERS // numbers), batch_size)
    generator = torch.Generator().manual_seed(seed)
    pool = makers.batch(count, generator)
    targets = _targets(output, pair, pool, count, generator)

    def batches() -> Iterator[Batch]:
        for chosen in shuffled(count, batch_size, seed):
            yield Batch(
                tuple(tensor[chosen] for tensor in pool.positional),
                {name: tensor[chosen] for name, tensor in pool.named.items()},
                None if targets is None else targets[chosen],
            )

    return TrialData(batches(), f"random numbers for inputs of {pool.first(batch_size).told()}", evidence=False)


def _described(model: nn.Module, inputs: Sequence[Mapping[str, Any]]) -> _Makers | None:
    import torch

    positional: list[Maker] = []
    named: dict[str, Maker] = {}
    for given in inputs:
        dtype = getattr(torch, str(given["dtype"]), None)
        if not isinstance(dtype, torch.dtype):
            raise JobError(f"torch has no dtype {given['dtype']!r} for an input.")
        name = str(given.get("name") or "")
        maker = _maker(model, name, [int(size) for size in given["shape"][1:]], dtype)
        if name:
            named[name] = maker
        else:
            positional.append(maker)
    return _Makers(tuple(positional), named) if inputs else None


def _dummies(model: nn.Module) -> _Makers | None:
    """As transformers' models have them, `dummy_inputs`; None where there are none or the model does not take them."""
    import torch

    try:
        found = getattr(model, "dummy_inputs", None)
    except Exception:  # a property of a foreign class
        return None
    if not isinstance(found, Mapping) or not found or not all(isinstance(v, torch.Tensor) for v in found.values()):
        return None
    makers = _Makers(
        named={str(name): _maker(model, str(name), list(v.shape[1:]), v.dtype) for name, v in found.items()}
    )
    pair = makers.batch(2, torch.Generator().manual_seed(0))
    try:
        tried(model, pair.positional, pair.named)
    except JobError:
        return None
    return makers


def _of_first_layer(model: nn.Module, inputs: Sequence[Mapping[str, Any]]) -> _Makers:
    kind, layer = first_layer(model)
    told = (
        f"Nobody knows what inputs {type(model).__name__} takes, of which random ones are made; make the design with "
        "their shapes, such as `lrdesigner new --input '[[1,3,224,224]]'`, or give data of your own (FILE.py:FUNCTION)"
    )
    if kind in ("Embedding", "EmbeddingBag"):
        import torch

        return _Makers((_maker(model, "", [text_length(model, inputs)], torch.int64),))
    try:
        shape = first_taken(model, _shapes(model, kind, layer))
    except JobError as error:
        raise JobError(f"{told}. What was tried: {error}") from error
    return _Makers((_maker(model, "", list(shape), float_type(model)),))


def _shapes(model: nn.Module, kind: str, layer: Any) -> list[tuple[int, ...]]:
    """Of inputs to try for a model whose first layer is this one, the likeliest first."""
    if kind == "Conv2d":
        return image_shapes(model, (int(layer.in_channels),))
    if kind == "Conv1d":
        channels = int(layer.in_channels)
        signals: list[tuple[int, ...]] = [(channels, length) for length in LENGTHS]
        return signals + [(length,) for length in LENGTHS if channels == 1]  # some add the channel themselves
    if kind == "Conv3d":
        return [(int(layer.in_channels), 16, side, side) for side in (32, 64, 112)]
    if kind == "Linear":
        return [(int(layer.in_features),), (16, int(layer.in_features)), *image_shapes(model, (3, 1))]
    if kind:
        return [(16, int(layer.input_size))]
    return []


def _maker(model: nn.Module, name: str, shape: list[int], dtype: torch.dtype) -> Maker:
    import torch

    known = vocabulary(model)
    if dtype == torch.bool or "mask" in name:
        return lambda count, generator: torch.ones(count, *shape, dtype=dtype)
    if dtype.is_floating_point:
        return lambda count, generator: torch.randn(count, *shape, generator=generator).to(dtype)
    above = 1 if "type" in name or not known else known  # the first kind of segment is always there
    return lambda count, generator: torch.randint(0, above, (count, *shape), generator=generator).to(dtype)


def _targets(output: Any, pair: Batch, pool: Batch, count: int, generator: torch.Generator) -> torch.Tensor | None:
    """Classes where the output looks like scores of classes, the input itself where it looks like that, else numbers.

    None where the model makes its loss itself.
    """
    import torch

    if returned_loss(output, pair) is not None:
        return None
    scores = scores_in(output)
    rest = list(scores.shape[1:])
    like = next((i for i, tensor in enumerate(pair.positional) if tensor.shape == scores.shape), None)
    if like is not None and pair.positional[like].is_floating_point() and len(rest) > 1:
        return pool.positional[like]  # type: ignore[no-any-return]
    if len(rest) == 1 and rest[0] > 1:
        return torch.randint(0, rest[0], (count,), generator=generator)
    ids = next((t for t in tensors_in((pair.positional, pair.named)) if t.shape == scores.shape[:-1]), None)
    if len(rest) == 2 and ids is not None and not ids.is_floating_point():
        return torch.randint(0, rest[1], (count, rest[0]), generator=generator)
    if len(rest) == 3 and rest[0] > 1:
        return torch.randint(0, rest[0], (count, *rest[1:]), generator=generator)
    return torch.randn(count, *rest, generator=generator)
