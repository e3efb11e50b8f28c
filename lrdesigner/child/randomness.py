"""Random numbers that two runs draw alike: seeding, and a stream apart for what draws beside the training."""

from __future__ import annotations

import contextlib
import random
import sys
from collections.abc import Iterator
from typing import Any


def seed_everything(seed: int) -> None:
    """Seed what draws random numbers in this process."""
    import torch

    torch.manual_seed(seed)
    _seed_beside_torch(seed)


class OwnRandomness:
    """The data's own stream of random numbers: what the model or the diagnostics draw does not change the batches."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._state: tuple[Any, ...] | None = None

    @contextlib.contextmanager
    def drawn(self) -> Iterator[None]:
        """Code in here draws from the stream; everything else goes on as if it had not run."""
        import torch

        before = random_state()
        if self._state is not None:
            restore_random(self._state)
        else:
            torch.default_generator.manual_seed(self._seed)  # the CPU's alone
            _seed_beside_torch(self._seed)
        try:
            yield
        finally:
            self._state = random_state()
            restore_random(before)


def random_state() -> tuple[Any, ...]:
    """How far torch on the CPU, Python and numpy (where it is loaded) have come in their random numbers."""
    import torch

    numpy = sys.modules.get("numpy")
    return torch.get_rng_state(), random.getstate(), numpy.random.get_state() if numpy else None


def restore_random(state: tuple[Any, ...]) -> None:
    """Go on from where `random_state` was taken."""
    import torch

    torch.set_rng_state(state[0])
    random.setstate(state[1])
    if state[2] is not None:
        sys.modules["numpy"].random.set_state(state[2])


def _seed_beside_torch(seed: int) -> None:
    random.seed(seed)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(seed % 2**32)
