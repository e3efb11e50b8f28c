"""What the recipes of several peers are put together from."""

from __future__ import annotations

from typing import Any

from lrdesigner.capturing.transformers_schedules import in_turn as in_turn
from lrdesigner.capturing.transformers_schedules import line as line
from lrdesigner.capturing.transformers_schedules import part as part
from lrdesigner.capturing.transformers_schedules import steps as steps
from lrdesigner.schedules import Absolute, Constant, Level, Linear


def held(level: Level) -> Any:
    """The same level at every step, an absolute one too."""
    return Linear(level, level) if isinstance(level, Absolute) else Constant(level)
