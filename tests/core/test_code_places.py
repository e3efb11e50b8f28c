"""Which lines of the exported file are about which groups."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from strategies import designs

from lrdesigner.document import Design
from lrdesigner.errors import UserError
from lrdesigner.export import export, export_with_places
from lrdesigner.export.code_places import closed, opened, separated
from lrdesigner.param_groups import param_groups


@given(designs())
@settings(max_examples=60)
def test_every_exported_group_has_lines_and_the_text_is_the_exported_one(design: Design) -> None:
    try:
        text = export(design)
    except UserError:
        return
    marked, places = export_with_places(design)
    assert marked == text
    assert not {"\x02", "\x03", "\x04"} & set(text)
    lines = text.count("\n")
    assert all(0 <= place.first <= place.last < lines for place in places)
    assert all(one.last < other.first for one, other in itertools.pairwise(places))
    told = {group for place in places for group in place.groups}
    assert {part.group.id for parts in param_groups(design) for part in parts} <= told


def test_lines_of_a_group_hold_its_name_and_its_rate(design: Design) -> None:
    text, places = export_with_places(design)
    lines = text.split("\n")
    for group in design.groups:
        mine = [line for place in places if group.id in place.groups for line in lines[place.first : place.last + 1]]
        assert any(f'"name": "{group.name}"' in line for line in mine)
        others = [other.name for other in design.groups if other.id != group.id]
        assert not any(f'"{other}"' in line for line in mine for other in others)


@pytest.mark.parametrize(
    ("marked", "text", "places"),
    [
        (f"a\n{opened(2)}b\nc\n{closed()}d\n", "a\nb\nc\nd\n", [(1, 2, (2,))]),
        (f"{opened(1)}a\n{closed()}{opened(1)}b\n{closed()}", "a\nb\n", [(0, 1, (1,))]),
        (f"{opened([1, 3])}a{closed()}\nb\n", "a\nb\n", [(0, 0, (1, 3))]),
        (f"{opened(1)}{closed()}a\n", "a\n", []),
    ],
)
def test_marks_become_ranges_of_lines(marked: str, text: str, places: list[tuple[int, int, tuple[int, ...]]]) -> None:
    found, told = separated(marked)
    assert found == text
    assert [(place.first, place.last, place.groups) for place in told] == places
