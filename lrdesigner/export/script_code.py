"""What the script at the end of an exported file runs on: the model that it makes, and the batches that it takes."""

from __future__ import annotations

import keyword
from pathlib import Path
from typing import Any

from lrdesigner.document import Batches, Design
from lrdesigner.errors import UserError
from lrdesigner.export.python_text import literal, prose
from lrdesigner.models.python_source import Demo
from lrdesigner.models.source import DEMOS
from lrdesigner_resources import path as resource_path

DEFAULT_BATCH_SIZE = 32

_LIBRARY_CALLS = {
    "timm": ("timm", "create_model", "pretrained=False"),
    "torchvision": ("torchvision.models", "get_model", "weights=None"),
}


def model_context(design: Design) -> dict[str, Any]:
    """How the script gets its model: by an import, or written out for a demo."""
    before, _, name = design.model.source.rpartition(":")
    kwargs = ", ".join(f"{key}={literal(value)}" for key, value in design.model.kwargs.items())
    found: dict[str, Any] = {
        # A checkpoint tells names only; then the file says what it is about.
        "class": design.model.inventory.modules[0].type or Path(design.model.source).name,
        "call": f"{name}({kwargs})",
        "demo": None,
        "module": None,
        "is_function": False,
    }
    if design.model.source.startswith("demo:") and name in DEMOS:
        return found | _demo_context(DEMOS[name], kwargs)
    if before in _LIBRARY_CALLS:
        module, function, more = _LIBRARY_CALLS[before]
        arguments = ", ".join(part for part in (literal(name), more, kwargs) if part)
        hint = f"Install {before}."
        return found | {"module": module, "name": function, "call": f"{function}({arguments})", "hint": hint}
    is_function = name.rpartition(".")[2] != found["class"]  # which may give more than a model
    return found | _imported(before, name) | {"is_function": is_function}


def data_context(design: Design, data: str) -> dict[str, Any] | None:
    """What the script trains on: random images for a demo, or what a person's function gives; None: nothing is known.

    Raises `UserError` for a `data` that is no "FILE.py:FUNCTION".
    """
    epoch = design.plan.epoch
    batch_size = epoch.batch_size if isinstance(epoch, Batches) else DEFAULT_BATCH_SIZE
    accumulation = epoch.accumulation if isinstance(epoch, Batches) else 1
    shared = {"batch_size": batch_size, "accumulation": accumulation, "demo": None, "module": None}
    if data:
        file, _, name = data.rpartition(":")
        found = _imported(file, name)
        if Path(file).suffix.lower() != ".py" or found["module"] is None:
            raise UserError(
                f"{data!r} is no data for a script; give FILE.py:FUNCTION, in names that Python can import."
            )
        return shared | found
    name = design.model.source.removeprefix("demo:")
    if design.model.source.startswith("demo:") and name in DEMOS:
        classes = design.model.kwargs.get("classes", DEMOS[name].classes)
        return shared | {"demo": DEMOS[name], "classes": classes}
    return None


def checked_data(data: str) -> dict[str, Any]:
    """The import of "FILE.py:FUNCTION"; nothing for "". Raises `UserError` for what is none."""
    if not data:
        return {}
    file, _, name = data.rpartition(":")
    found = _imported(file, name)
    if Path(file).suffix.lower() != ".py" or found["module"] is None:
        raise UserError(f"{data!r} is no data for a script; give FILE.py:FUNCTION, in names that Python imports.")
    return found


def _imported(before: str, name: str) -> dict[str, Any]:
    """The module to import a name from, which is None where Python cannot, and what to do where it is not found."""
    file = Path(before)
    is_file = file.suffix.lower() == ".py"
    module = file.stem if is_file else before
    parts = (*module.split("."), *name.split("."))
    importable = all(part.isidentifier() and not keyword.iskeyword(part) for part in parts)
    hint = (
        f"Run this file beside {prose(file.name)}." if is_file else f"Install {prose(module)}, or run this beside it."
    )
    return {"hint": hint, "module": module if importable else None, "name": name}


def _demo_context(demo: Demo, kwargs: str) -> dict[str, Any]:
    """The demo's model is written out, so that its file runs by itself."""
    text = resource_path(demo.resource).read_text(encoding="utf-8")
    return {
        "call": f"{demo.name}({kwargs})",
        "demo": demo,
        "demo_source": text[text.index(f"class {demo.name}(") :].rstrip("\n"),
    }
