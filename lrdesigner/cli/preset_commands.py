"""The command about presets: which there are, and what each does."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

import typer

from lrdesigner.cli.output import write_json, write_lines, write_table
from lrdesigner.document import Design
from lrdesigner.numbers import exact
from lrdesigner.presets import PRESETS, Preset, preset_named
from lrdesigner.schedules import Field, fields_of

PresetOption = Annotated[
    list[str] | None,
    typer.Option("--preset", metavar="NAME", help="Apply a preset; give it again for more, in that order."),
]


def presets(
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="One of them, such as no-decay; else all.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of a table.")] = False,
) -> None:
    """List the presets of grouping, or tell one: what it does, from where, and its parameters with their bounds."""
    chosen = [preset_named(name)] if name else list(PRESETS)
    if as_json:
        write_json({"presets": [_preset_json(preset) for preset in chosen]})
    elif name:
        write_lines(_told(chosen[0]))
    else:
        write_table(("preset", "what it does"), [(preset.id, preset.summary) for preset in chosen])


def with_presets(design: Design, chosen: Iterable[Preset]) -> Design:
    """The design with these presets, one after the other; raises `UserError` for one that does not fit."""
    for preset in chosen:
        design = preset.apply(design)
    return design


def chosen_presets(names: Iterable[str] | None) -> tuple[Preset, ...]:
    """The presets of these names; raises `UserError`."""
    return tuple(preset_named(name) for name in names or ())


def _told(preset: Preset) -> list[str]:
    lines = [f"{preset.title} ({preset.id})", "", preset.summary, preset.notes, f"Source: {preset.source}", ""]
    for field in fields_of(preset.parameters):
        lines.append(f"  {field.name}: {field.title}. {field.help}")
        lines.append(f"    {', '.join(part for part in (_bounds(field), f'default {_shown(field.default)}') if part)}")
    return lines


def _bounds(field: Field) -> str:
    limits = (("at least", field.minimum), ("above", field.above), ("at most", field.maximum), ("below", field.below))
    return " and ".join(f"{word} {exact(limit)}" for word, limit in limits if limit is not None)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if value is None or value == "":
        return "empty"
    return exact(value) if isinstance(value, (int, float)) else str(value)


def _preset_json(preset: Preset) -> dict[str, Any]:
    return {
        "preset": preset.id,
        "title": preset.title,
        "summary": preset.summary,
        "notes": preset.notes,
        "source": preset.source,
        "parameters": [
            {
                "name": field.name,
                "title": field.title,
                "kind": field.kind,
                "help": field.help,
                "default": field.default,
                "optional": field.optional,
                "minimum": field.minimum,
                "above": field.above,
                "maximum": field.maximum,
                "below": field.below,
            }
            for field in fields_of(preset.parameters)
        ],
    }
