"""What a person chooses when a design is written as code."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from lrdesigner.export.schedule_forms import ScheduleForm

Form = Literal["script", "snippet"]
"""A script has a `main()` that builds the model, shows its groups and trains; a snippet is to be pasted or imported."""

FORMS: tuple[Form, ...] = ("script", "snippet")


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """How a design becomes a file.

    `target` is a name in `TARGETS`. `data` is "FILE.py:FUNCTION", what a script trains on; "" is random images for a
    demo, and nothing for other models. `schedule_form` "auto" takes a class of torch where one draws what was designed,
    else functions of the step. With `tensor_lr` each rate is a tensor, which a compiled step of the optimizer reads
    without being compiled anew. `in_spite_of` are sentences about errors in the design, which the file repeats.

    >>> ExportOptions().form
    'script'
    """

    target: str = "torch"
    form: Form = "script"
    data: str = ""
    schedule_form: ScheduleForm = "auto"
    tensor_lr: bool = False
    in_spite_of: tuple[str, ...] = ()

    def for_target(self, target: str) -> ExportOptions:
        """The same, for another target."""
        return replace(self, target=target)

    def despite(self, errors: tuple[str, ...]) -> ExportOptions:
        """The same, with these errors told in the file."""
        return replace(self, in_spite_of=errors)


DEFAULT_OPTIONS = ExportOptions()
