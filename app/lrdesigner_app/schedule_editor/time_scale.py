"""Where steps of the run lie on a widget that stands under the plot, aligned with its time axis."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TimeScale:
    """The steps from `first` to `last` lie between the pixels `left` and `right`."""

    first: float
    last: float
    left: float
    right: float

    @property
    def per_step(self) -> float:
        """Pixels of one step."""
        return (self.right - self.left) / (self.last - self.first)

    def x(self, step: float) -> float:
        """The pixel of a step, also of one that is not in view."""
        return self.left + (step - self.first) * self.per_step

    def within(self, step: float) -> float:
        """The pixel of a step, or that of the nearest step in view."""
        return min(max(self.x(step), self.left), self.right)

    def step(self, x: float) -> float:
        """The step, not rounded, at a pixel."""
        return self.first + (x - self.left) / self.per_step

    def shows(self, step: float) -> bool:
        """Whether a step is in view."""
        return self.first <= step <= self.last


def scale_of(axis: tuple[float, float, int, int] | None, width: int, steps: int) -> TimeScale:
    """From what the plot tells of its axis: steps in view, pixels free beside them; the whole run before it does."""
    first, last, left, right = axis or (0.0, float(steps), 0, 0)
    return TimeScale(first, last, float(left), float(max(width - right, left + 1)))
