"""The history: as long as memory allows, and a way to any of its places."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from lrdesigner import edits, history
from lrdesigner.document import Design, Pin
from lrdesigner.history import History, cost


def _renamed(design: Design, number: int) -> Design:
    return edits.rename_group(design, design.groups[0].id, f"name {number}")


def test_travelling_there_and_back_gives_the_same_objects(design: Design) -> None:
    made = History(design)
    seen = [design]
    for number in range(5):
        seen.append(_renamed(seen[-1], number))
        made.push(seen[-1], f"edit {number}")
    assert made.travel(2) is seen[2]
    assert (made.undo_label, made.redo_label) == ("edit 1", "edit 2")
    assert made.travel(2) is None
    assert made.travel(6) is None
    assert made.travel(5) is seen[5]


def test_the_oldest_of_very_many_entries_go(design: Design, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "MOST_ENTRIES", 10)
    made = History(design)
    for number in range(25):
        made.push(_renamed(design, number), f"edit {number}")
    assert made.labels == tuple(f"edit {number}" for number in range(15, 25))
    assert made.place == 9


def test_what_entries_hold_stays_within_the_budget(design: Design, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "MOST_BYTES", 3_000_000)
    made, group = History(design), design.groups[0].id
    for number in range(100):
        pins = tuple(Pin(f"p{place:05}", group) for place in range(20_000))
        made.push(replace(design, pins=pins), f"edit {number}")
    assert 10 < len(made.labels) < 20
    assert made.labels[-1] == "edit 99"


def test_shared_parts_cost_nothing(design: Design) -> None:
    pinned = replace(design, pins=tuple(Pin(f"p{place:05}", design.groups[0].id) for place in range(20_000)))
    assert cost(_renamed(pinned, 1), pinned) < 5_000
    assert cost(pinned, design) > 100_000
