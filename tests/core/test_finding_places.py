"""Every finding about a schedule says which track and which part of it; others say their group or rule."""

from __future__ import annotations

from hypothesis import given, settings
from strategies import moving_designs, ruled_designs

from lrdesigner import edits
from lrdesigner.document import Design
from lrdesigner.findings import Finding, check
from lrdesigner.places import Place
from lrdesigner.rule_edits import add_rule
from lrdesigner.schedule_edits import node_at
from lrdesigner.schedules import REST, Constant, Length, Linear, Segment, Sequence
from lrdesigner.tracks import slots_of, track_of

BACKBONE = 2


def exists(place: Place, design: Design) -> bool:
    """Whether a place leads to something of the design."""
    if place.rule is not None:
        return place.area == "rules" and 0 <= place.rule < len(design.rules)
    group = design.group(place.group if place.group is not None else -1)
    if place.slot is None:
        return True
    if place.slot not in slots_of(group):
        return False
    if place.steps is not None and not 0 <= place.steps[0] < place.steps[1] <= design.plan.total_steps:
        return False
    return node_at(track_of(group, place.slot).schedule, place.path or ()) is not None


@settings(max_examples=30, deadline=None)
@given(moving_designs() | ruled_designs())
def test_each_place_of_a_finding_exists(design: Design) -> None:
    for finding in check(design):
        place = finding.shown_at
        assert place.area == "model" or exists(place, design), finding


def test_a_jump_is_placed_at_its_row_of_segments(design: Design) -> None:
    inner = Sequence((Segment(Linear(1.0, 0.5), Length(100.0, "steps")), Segment(Linear(0.1, 0.1), REST)))
    outer = Sequence((Segment(Constant(), Length(50.0, "steps")), Segment(inner, REST)))
    found = [f for f in check(edits.set_schedule(design, BACKBONE, outer)) if f.code == "jump-at-join"]
    assert [f.shown_at for f in found] == [Place(group=BACKBONE, slot="lr", path=(1,), steps=(50, 450))]


def test_a_rule_of_nothing_is_placed_in_the_list_of_rules(design: Design) -> None:
    (finding,) = (f for f in check(add_rule(design, BACKBONE, "nothing_like_it")) if f.code == "rule-matches-nothing")
    assert finding.shown_at == Place(area="rules", group=BACKBONE, rule=0)


def test_what_is_about_the_design_as_a_whole_points_at_the_model() -> None:
    assert Finding("c", "info", "model", "It is so.").shown_at == Place(area="model")
    assert Finding("c", "info", "head", "It is so.", group=3).shown_at == Place(group=3)
