"""Every finding about a schedule says which track and which part of it; others say their group or rule."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from strategies import moving_designs, ruled_designs

from lrdesigner import edits
from lrdesigner.document import Design, Group
from lrdesigner.faults import Fault
from lrdesigner.findings import Finding, check
from lrdesigner.optimizers import movable_options
from lrdesigner.places import Place
from lrdesigner.rule_edits import add_rule
from lrdesigner.schedule_edits import node_at
from lrdesigner.schedules import REST, Constant, Length, Linear, Segment, Sequence
from lrdesigner.tracks import slots_of, track_of

BACKBONE = 2


def exists(place: Place, design: Design) -> bool:
    """Whether a place leads to something of the design."""
    if place.area == "plan":
        return True
    if place.area == "modules":
        known = {info.name for info in design.model.inventory.parameters}
        return bool(place.modules) and set(place.modules) <= known | {m.path for m in design.model.inventory.modules}
    if place.rule is not None:
        return place.area == "rules" and 0 <= place.rule < len(design.rules)
    group = design.group(place.group if place.group is not None else -1)
    if place.slot is None:
        return True
    if place.slot not in slots_of(group):
        return False
    if place.steps is not None and not 0 <= place.steps[0] < place.steps[1] <= design.plan.total_steps:
        return False
    node = node_at(track_of(group, place.slot).schedule, place.path or ())
    parent = place.path[:-1] if place.path else ()
    around = node_at(track_of(group, place.slot).schedule, parent)
    return not place.field or place.field in fields_near(node, around, group)


def fields_near(node: Any, around: Any, group: Group) -> set[str]:
    """What the inspector shows while a node is selected: its fields, those of its segment, those of the group."""
    of_segment = Segment.__struct_fields__ if isinstance(around, Sequence) else ()
    return {*node.__struct_fields__, *of_segment, *movable_options(group.options)}


@settings(max_examples=30, deadline=None)
@given(moving_designs() | ruled_designs())
def test_each_place_of_a_finding_exists(design: Design) -> None:
    for finding in check(design):
        place = finding.shown_at
        assert place.area == "model" or exists(place, design), finding


def test_a_jump_is_placed_at_the_segment_that_begins_there(design: Design) -> None:
    inner = Sequence((Segment(Linear(1.0, 0.5), Length(100.0, "steps")), Segment(Linear(0.1, 0.1), REST)))
    outer = Sequence((Segment(Constant(), Length(50.0, "steps")), Segment(inner, REST)))
    found = [f for f in check(edits.set_schedule(design, BACKBONE, outer)) if f.code == "jump-at-join"]
    assert [f.shown_at for f in found] == [Place(group=BACKBONE, slot="lr", path=(1, 1), steps=(150, 450))]


def test_a_rule_of_nothing_is_placed_in_the_list_of_rules(design: Design) -> None:
    (finding,) = (f for f in check(add_rule(design, BACKBONE, "nothing_like_it")) if f.code == "rule-matches-nothing")
    assert finding.shown_at == Place(area="rules", group=BACKBONE, rule=0)


def test_what_is_about_the_design_as_a_whole_points_at_the_model() -> None:
    assert Finding("c", "info", "model", "It is so.").shown_at == Place(area="model")
    assert Finding("c", "info", "head", "It is so.", group=3).shown_at == Place(group=3)


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (("plan", "epochs"), Place(area="plan", field="epochs")),
        (("plan", "epoch", "devices"), Place(area="plan", field="devices")),
        (("groups", 1, "options", "eps"), Place(group=BACKBONE, field="eps")),
        (("groups", 1, "lr", "base"), Place(group=BACKBONE, field="base")),
        (("groups", 1, "freeze", 0, "start"), Place(group=BACKBONE, field="freeze")),
        (("groups", 1, "lr", "schedule"), Place(group=BACKBONE, slot="lr", path=())),
        (
            ("groups", 1, "lr", "schedule", "segments", 1, "schedule", "start"),
            Place(group=BACKBONE, slot="lr", path=(1,), field="start"),
        ),
        (
            ("groups", 1, "lr", "schedule", "segments", 1, "length", "value"),
            Place(group=BACKBONE, slot="lr", path=(1,), field="length"),
        ),
        (("groups", 1, "lr", "schedule", "segments", 9), Place(group=BACKBONE, slot="lr", path=(), field="segments")),
        (("rules", 7), Place(group=BACKBONE)),
    ],
    ids=lambda part: ".".join(map(str, part)) if isinstance(part, tuple) else "",
)
def test_a_fault_of_the_file_leads_to_its_value(design: Design, path: tuple[str | int, ...], place: Place) -> None:
    row = Sequence((Segment(Constant(), Length(50.0, "steps")), Segment(Linear(1.0, 0.5), REST)))
    design = edits.set_schedule(design, BACKBONE, row)
    (finding,) = (
        f for f in check(design, [Fault("there", "It is bad.", 1, 2, path, BACKBONE)]) if f.code == "file-fault"
    )
    assert finding.shown_at == place
