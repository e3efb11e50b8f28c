"""Columns of numbers that grow while something is measured."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


class Growing:
    """A one-dimensional array to append to; doubles its room, so n appends cost n."""

    def __init__(self, room: int = 256) -> None:
        self._data = np.empty(room, dtype=np.float64)
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def extend(self, values: Sequence[float]) -> None:
        """Add values at the end."""
        size = self._size + len(values)
        if size > self._data.size:
            larger = np.empty(max(size, 2 * self._data.size))
            larger[: self._size] = self.array
            self._data = larger
        self._data[self._size : size] = values
        self._size = size

    def copy(self, every: int = 1) -> Growing:
        """Another one with the last value and every so-manieth before it, which stays as it is."""
        made = Growing(0)
        made._data = self.array[::-every][::-1].copy()
        made._size = made._data.size
        return made

    @property
    def array(self) -> NDArray[np.float64]:
        """What is in it, without copying."""
        return self._data[: self._size]
