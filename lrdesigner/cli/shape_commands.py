"""The command about the registry: which shapes there are, and what each is."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from lrdesigner.cli.model_commands import JsonOption
from lrdesigner.cli.output import write_json, write_lines, write_table
from lrdesigner.errors import UserError
from lrdesigner.numbers import exact
from lrdesigner.schedules import SHAPES, Field, Shape, fields_of, shape_named
from lrdesigner.schedules.registry import COVERS


def shapes(
    name: Annotated[str, typer.Argument(metavar="[SHAPE]", help="One of them, such as cosine; else all.")] = "",
    as_json: JsonOption = False,
) -> None:
    """List the schedule shapes, or tell one: its formula, its fields with their bounds, torch's class, its source."""
    chosen = [_named(name)] if name else list(SHAPES)
    if as_json:
        write_json({"shapes": [_shape_json(shape) for shape in chosen]})
    elif name:
        write_lines(_told(chosen[0]))
    else:
        rows = [(shape.tag, shape.title, shape.family, ", ".join(_torch_names(shape))) for shape in chosen]
        write_table(("shape", "title", "family", "in torch"), rows)


def _named(name: str) -> Shape:
    try:
        return shape_named(name)
    except KeyError:
        import difflib  # only when something is wrong

        near = difflib.get_close_matches(name, [shape.tag for shape in SHAPES], n=1)
        hint = f"did you mean {near[0]!r}?" if near else "lrdesigner shapes lists them."
        raise UserError(f"There is no shape {name!r}; {hint}") from None


def _torch_names(shape: Shape) -> list[str]:
    return [name for name, tag in COVERS.items() if tag == shape.tag]


def _told(shape: Shape) -> list[str]:
    lines = [f"{shape.title} ({shape.tag})", "", *shape.doc.splitlines(), ""]
    for field in fields_of(shape.node):
        bounds = _bounds(field)
        lines.append(f"  {field.name}: {field.title}. {field.help}")
        lines.append(f"    {', '.join(part for part in (_kind(field), bounds, _default(field)) if part)}")
    return lines


def _kind(field: Field) -> str:
    words = " or ".join(field.choices) if field.choices else field.kind
    return f"{words} ({field.unit})" if field.unit else words


def _bounds(field: Field) -> str:
    limits = (
        ("at least", field.minimum),
        ("above", field.above),
        ("at most", field.maximum),
        ("below", field.below),
    )
    return " and ".join(f"{word} {exact(limit)}" for word, limit in limits if limit is not None)


def _default(field: Field) -> str:
    if isinstance(field.default, bool):
        return f"default {'on' if field.default else 'off'}"
    if isinstance(field.default, (int, float)):
        return f"default {exact(field.default)}"
    if isinstance(field.default, str) or field.kind in ("length", "level"):
        return f"default {field.default}"
    return ""


def _shape_json(shape: Shape) -> dict[str, Any]:
    return {
        "shape": shape.tag,
        "title": shape.title,
        "family": shape.family,
        "doc": shape.doc,
        "torch": _torch_names(shape),
        "fields": [
            {
                "name": field.name,
                "title": field.title,
                "kind": field.kind,
                "unit": field.unit,
                "help": field.help,
                "default": field.default,
                "choices": field.choices,
                "minimum": field.minimum,
                "above": field.above,
                "maximum": field.maximum,
                "below": field.below,
            }
            for field in fields_of(shape.node)
        ],
    }
