"""The ways to build a model without its weights: meta, hybrid, fake; and really, on the CPU."""

from __future__ import annotations

import contextlib
import functools
import gc
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from lrdesigner.child.failures import JobError

if TYPE_CHECKING:
    import torch

FILLS = ("uniform_", "normal_", "trunc_normal_", "constant_", "ones_", "zeros_")
FAN_FILLS = ("xavier_uniform_", "xavier_normal_", "kaiming_uniform_", "kaiming_normal_")
"""These refuse tensors of fewer than two dimensions."""
REAL_IN_HYBRID = frozenset(("linspace", "logspace", "arange", "range", "tensor", "as_tensor"))


def on_rung(rung: str) -> contextlib.AbstractContextManager[Any]:
    """Within it tensors are made as the rung says.

    meta: shapes without storage. hybrid: as meta, but numbers that constructors count with are real. fake: shapes that
    claim a device, also one that is not there. cpu: real tensors.
    """
    modes: dict[str, Callable[[], contextlib.AbstractContextManager[Any]]] = {
        "meta": _meta,
        "hybrid": _hybrid,
        "fake": _fake,
        "cpu": contextlib.nullcontext,
    }
    if rung not in modes:
        raise JobError(f"Unknown way to build {rung!r}.")
    return modes[rung]()


@contextlib.contextmanager
def no_collection() -> Iterator[None]:
    """The collector would walk the growing tree again and again: a third of the time of a big model."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


@contextlib.contextmanager
def _meta() -> Iterator[None]:
    import torch

    with _unfilled(), torch.device("meta"):
        yield


@contextlib.contextmanager
def _hybrid() -> Iterator[None]:
    import torch
    from torch.overrides import TorchFunctionMode
    from torch.utils._device import _device_constructors

    on_meta = {made for made in _device_constructors() if made.__name__ not in REAL_IN_HYBRID}

    class Hybrid(TorchFunctionMode):
        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            kwargs = kwargs or {}
            if func in on_meta and kwargs.get("device") is None:
                kwargs["device"] = torch.device("meta")
            return func(*args, **kwargs)

    with _unfilled(), Hybrid():
        yield


@contextlib.contextmanager
def _fake() -> Iterator[None]:
    from torch._subclasses.fake_tensor import FakeTensorMode

    with _unfilled(), FakeTensorMode(allow_non_fake_inputs=True):
        yield


@contextlib.contextmanager
def _unfilled() -> Iterator[None]:
    """Tensors without storage are not filled with initial values, which they cannot hold: a third of the time again.

    The functions of `torch.nn.init` still check and fill everything else, also where they were imported by name while
    this was in force.
    """
    from torch.nn import init

    real = {name: getattr(init, name) for name in (*FILLS, *FAN_FILLS)}
    for name, fill in real.items():
        setattr(init, name, _for_real_tensors(fill, least=2 if name in FAN_FILLS else 0))
    try:
        yield
    finally:
        for name, fill in real.items():
            setattr(init, name, fill)


def _for_real_tensors(fill: Callable[..., torch.Tensor], least: int) -> Callable[..., torch.Tensor]:
    import torch

    plain = (torch.nn.Parameter, torch.Tensor)

    @functools.wraps(fill)
    def filled(tensor: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
        hollow = tensor.is_meta if type(tensor) in plain else type(tensor).__name__ == "FakeTensor"
        if hollow and tensor.dim() >= least:
            return tensor
        return fill(tensor, *args, **kwargs)

    return filled
