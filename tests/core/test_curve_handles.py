"""Handles of the shapes: where they lie, and what dragging them along either axis does to the design."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from strategies import plans, schedules, shapes

from lrdesigner import edits
from lrdesigner.curves import lane_values
from lrdesigner.document import Design, Freeze, Group, Model, Plan, Track
from lrdesigner.errors import UserError
from lrdesigner.handles import Handle, handle_text, handles_of
from lrdesigner.optimizers import AdamWOptions, SGDOptions
from lrdesigner.schedules import (
    REST,
    SHAPES,
    Absolute,
    Clamp,
    Constant,
    Cosine,
    CosineRestarts,
    Cyclic,
    Exponential,
    HardRestarts,
    Keyframe,
    Keyframes,
    Length,
    Linear,
    MultiStep,
    OneCycle,
    OneMinusSqrt,
    Product,
    Repeat,
    Segment,
    Sequence,
    Span,
    StepDecay,
    WarmupStableDecay,
    default_node,
    depends_on_base,
    fields_of,
    shape_named,
)
from lrdesigner.schedules.handle_kinds import factor_at
from lrdesigner.tracks import Slot, lane_of

PLAN = Plan(epoch=45, epochs=10)
BASE = 1e-3
WITHOUT = {
    "expression": "a formula has no point of its own",
    "multiplicative": "a formula has no point of its own",
    "product": "it has no field but its parts, which have their own",
}
# Fields whose handle is not on the default node's curve, or that have no place on it.
WITHOUT_FIELDS = {
    "inverse_time": {"power"}, "polynomial": {"power", "k"}, "cosine": {"k"}, "tanh": {"lower", "upper"},
    "cosine_restarts": {"cycles", "k"}, "hard_restarts": {"cycles"}, "cyclic": {"gamma"},
    "repeat": {"growth", "cycles", "floor"},
    "plateau": {"patience", "threshold", "cooldown", "eps", "every"},
    "greedy": {"patience", "threshold", "cooldown", "warmup", "ceiling", "eps", "window", "reset_start", "every"},
}  # fmt: skip
DRAGGABLE = ("number", "integer", "length", "lengths", "level", "keys", "segments")


def design_with(schedule: Any, plan: Plan = PLAN, base: float = BASE) -> Design:
    return Design(Model(), plan, (Group(7, "head", lr=Track(base, schedule)),), 7)


def handles(design: Design, slot: Slot = "lr") -> dict[str, Handle]:
    return {handle.name: handle for handle in handles_of(design.groups[0], slot, design.plan)}


def applied(design: Design, edit: Any) -> Design:
    after: Design = edit.edit(design, *edit.arguments)
    return after


def drag(schedule: Any, name: str, step: float | None = None, factor: float | None = None, how: Any = "normal") -> Any:
    """The schedule after its handle was dragged to a step or to a factor of the track."""
    design = design_with(schedule)
    handle = handles(design)[name]
    value = handle.value if factor is None else factor * BASE
    after = applied(design, handle.moved(handle.step if step is None else step, value, how))
    return after.groups[0].lr.schedule


@given(schedules(), plans(), st.sampled_from([1e-5, 1e-3, 0.3, 1.0]))
@settings(max_examples=150, deadline=None)
def test_every_handle_lies_on_the_drawn_curve_inside_the_run(schedule: Any, plan: Plan, base: float) -> None:
    design = design_with(schedule, plan, base)
    lane = lane_of(design.groups[0], "lr", plan)
    for handle in handles(design).values():
        assert 0 <= handle.step <= plan.total_steps
        drawn = float(lane_values(lane, plan, [handle.step])[0])
        assert handle.value == pytest.approx(drawn, abs=2e-9 * max(base, abs(drawn)))


@given(schedules(), plans())
@settings(max_examples=100, deadline=None)
def test_a_handle_moved_to_where_it_is_changes_nothing(schedule: Any, plan: Plan) -> None:
    design = design_with(schedule, plan)
    for handle in handles(design).values():
        for precision in ("normal", "fine", "snap"):
            assert applied(design, handle.moved(handle.step, handle.value, precision)) is design  # type: ignore[arg-type]


@given(schedules(), plans(), st.data())
@settings(max_examples=200, deadline=None)
def test_a_drag_brings_the_handle_to_the_pointer_and_repeating_it_changes_nothing(
    schedule: Any, plan: Plan, data: st.DataObject
) -> None:
    design = design_with(schedule, plan)
    found = handles(design)
    assume(len(found) > 1)
    handle = data.draw(st.sampled_from(sorted(found.values(), key=lambda handle: handle.name)))
    axis = data.draw(st.sampled_from([axis for axis in ("step", "value") if handle.axes in (axis, "both")]))
    step, value = handle.step, handle.value
    if axis == "step":
        step = data.draw(st.integers(0, plan.total_steps))
    else:
        value = BASE * data.draw(st.sampled_from([0.003, 0.05, 0.25, 0.6, 0.97, 1.0, 1.3]))
    try:
        after = applied(design, handle.moved(step, value))
    except UserError:  # what no field may hold
        return
    again = handles(after).get(handle.name)
    if after is design or again is None:  # no field leads there; or another part of the schedule hides it now
        return
    assert applied(after, again.moved(again.step, again.value)) is after
    if handle.name == "base_lr" and depends_on_base(schedule):  # what is absolute does not follow the base value
        return
    nearer = abs(again.step - step) <= abs(handle.step - step)
    lower = abs(again.value - value) <= max(abs(handle.value - value), 0.006 * value)
    assert nearer if axis == "step" else lower


# One move of each handle of each shape, and what it makes of the field: exactly, because the number is round.
MOVES: list[tuple[Any, str, dict[str, Any], Any]] = [
    (Sequence((Segment(Constant()), Segment(Constant(0.5)))), "1.factor", {"factor": 0.25}, Constant(0.25)),
    (StepDecay(Length(3, "epochs"), 0.5), "stair", {"step": 180}, StepDecay(Length(4, "epochs"), 0.5)),
    (StepDecay(Length(3, "epochs"), 0.5), "stair", {"factor": 0.2}, StepDecay(Length(3, "epochs"), 0.2)),
    (MultiStep((Length(50, "percent"), Length(75, "percent"))), "milestones 1", {"step": 405},
     MultiStep((Length(50, "percent"), Length(90, "percent")))),
    (MultiStep((Length(225, "steps"), Length(300, "steps"))), "gamma", {"factor": 0.5},
     MultiStep((Length(225, "steps"), Length(300, "steps")), 0.5)),
    (Exponential(0.9, Length(1, "epochs")), "stair", {"step": 90}, Exponential(0.9, Length(2, "epochs"))),
    (Exponential(0.9, Length(1, "epochs")), "end", {"factor": 0.5**10}, Exponential(0.5, Length(1, "epochs"))),
    (default_node(shape_named("inverse_time")), "division", {"factor": 0.25}, 3.0),
    (default_node(shape_named("inverse_sqrt")), "timescale", {"step": 45}, Length(10, "percent")),
    (default_node(shape_named("noam")), "warmup", {"step": 89}, Length(20, "percent")),
    (Linear(0.1, 0.8, Length(90, "steps")), "start", {"factor": 0.02}, Linear(0.02, 0.8, Length(90, "steps"))),
    (Linear(0.1, 0.8, Length(90, "steps")), "end", {"factor": 0.5}, Linear(0.1, 0.5, Length(90, "steps"))),
    (Linear(0.1, 0.8, Length(90, "steps")), "length", {"step": 100}, Linear(0.1, 0.8, Length(100, "steps"))),
    (Cosine(0.1), "floor", {"factor": 0.0}, Cosine(0.0)),
    (Cosine(0.1), "length", {"step": 400}, Cosine(0.1, Length(400, "steps"))),
    (Cosine(Absolute(1e-4)), "floor", {"factor": 0.02}, Cosine(Absolute(2e-5))),
    (OneMinusSqrt(0.1, Length(10, "epochs")), "length", {"step": 225}, OneMinusSqrt(0.1, Length(5, "epochs"))),
    (default_node(shape_named("cosine_waves")), "trough", {"step": 225}, 1.0),
    (default_node(shape_named("tanh")), "floor", {"factor": 0.5}, None),
    (default_node(shape_named("sigmoid")), "centre", {"step": 90}, Length(20, "percent")),
    (default_node(shape_named("sigmoid")), "width", {"step": 270}, Length(10, "percent")),
    (default_node(shape_named("log_warmup")), "length", {"step": 299}, Length(300, "steps")),
    (default_node(shape_named("flat_cosine")), "flat", {"step": 225}, Length(50, "percent")),
    (default_node(shape_named("slanted_triangular")), "cut", {"step": 90}, Length(20, "percent")),
    (default_node(shape_named("slanted_triangular")), "ratio", {"factor": 0.1}, 10.0),
    (WarmupStableDecay(floor=0.1), "warmup", {"step": 45}, Length(10, "percent")),
    (WarmupStableDecay(floor=0.1), "decay", {"step": 315}, Length(30, "percent")),
    (WarmupStableDecay(floor=0.1), "floor", {"factor": 0.3}, 0.3),
    (Cyclic(), "up", {"step": 90}, Length(20, "percent")),
    (Cyclic(), "down", {"step": 135}, Length(20, "percent")),
    (Cyclic(), "low", {"factor": 0.4}, 0.4),
    (Cyclic(inverted=True), "low", {"factor": 0.4}, 0.4),
    (CosineRestarts(), "first", {"step": 135}, Length(30, "percent")),
    (CosineRestarts(), "growth", {"step": 270}, 2.0),
    (CosineRestarts(), "decay", {"factor": 0.5}, 0.5),
    (HardRestarts(3), "decay", {"factor": 0.5}, 0.5),
    (OneCycle(), "peak", {"step": 224}, 0.5),
    (OneCycle(), "start", {"factor": 0.1}, 0.1),
    (OneCycle(), "end", {"factor": 0.01}, 0.01),
    (default_node(shape_named("one_cycle_momentum")), "peak", {"factor": 0.8}, 0.8),
    (Keyframes(), "key 1", {"factor": 0.3}, 0.3),
    (Repeat(Cosine()), "cycle", {"step": 225}, Length(50, "percent")),
    (Repeat(Cosine()), "decay", {"factor": 0.5}, 0.5),
    (Clamp(Cosine(), 0.1, 0.9), "lowest", {"factor": 0.2}, 0.2),
    (Clamp(Cosine(), 0.1, 0.9), "highest", {"factor": 0.7}, 0.7),
]  # fmt: skip


@pytest.mark.parametrize(("before", "name", "to", "expected"), MOVES, ids=lambda part: getattr(part, "tag", str(part)))
def test_what_a_drag_sets(before: Any, name: str, to: dict[str, Any], expected: Any) -> None:
    after = drag(before, name, **to)
    if isinstance(expected, (type(before), Constant)):
        assert expected == after or expected in [segment.schedule for segment in getattr(after, "segments", ())]
        return
    changed = [getattr(after, f) for f in after.__struct_fields__ if getattr(after, f) != getattr(before, f)]
    assert len(changed) == 1
    if isinstance(changed[0], tuple):
        assert changed[0][1].value == expected
    elif expected is not None:
        assert changed[0] == expected


def test_shapes_without_a_handle_are_few_and_for_a_reason() -> None:
    assert {shape.tag for shape in SHAPES if not shape.handles(default_node(shape))} == set(WITHOUT)


@pytest.mark.parametrize("shape", [shape for shape in SHAPES if shape.tag not in WITHOUT], ids=lambda shape: shape.tag)
def test_every_field_with_a_place_on_the_curve_has_a_handle(shape: Any) -> None:
    node, span = default_node(shape), Span(450, 450, 45)
    driven: set[str] = set()
    for handle in shape.handles(node):
        at = handle.at(node, span)
        if at is None:
            driven.add(handle.name)  # such as a floor that this curve does not reach
            continue
        driven |= set(handle.step(node, span, at + 5)) if handle.step else set()
        driven |= set(handle.value(node, span, at, 0.7 * factor_at(node, span, at) + 0.01)) if handle.value else set()
    expected = {field.name for field in fields_of(shape.node) if field.kind in DRAGGABLE}
    assert driven == expected - WITHOUT_FIELDS.get(shape.tag, set())


WARM_UP = Sequence((Segment(Linear(0.1, 1.0), Length(2, "epochs")), Segment(Constant()), Segment(OneMinusSqrt(),
                    Length(20, "percent"))))  # fmt: skip


def test_a_boundary_drives_the_segment_before_or_the_one_after_where_the_rest_is_before() -> None:
    first = drag(WARM_UP, "boundary 0", step=135)
    assert [segment.length for segment in first.segments] == [Length(3, "epochs"), REST, Length(20, "percent")]
    second = drag(WARM_UP, "boundary 1", step=315)
    assert [segment.length for segment in second.segments] == [Length(2, "epochs"), REST, Length(30, "percent")]


def test_a_boundary_stops_where_a_segment_would_have_no_step() -> None:
    assert drag(WARM_UP, "boundary 0", step=0).segments[0].length == Length(0.02, "epochs")
    squeezed = drag(WARM_UP, "boundary 0", step=450)
    assert handles(design_with(squeezed))["boundary 1"].step == 360
    assert handles(design_with(squeezed))["boundary 0"].step == 359


def test_between_two_rests_the_first_one_becomes_a_number_of_steps() -> None:
    row = Sequence((Segment(Constant()), Segment(Cosine())))
    assert drag(row, "boundary 0", step=100).segments == (Segment(Constant(), Length(100, "steps")), Segment(Cosine()))


def test_a_handle_of_a_nested_node_shows_and_moves_in_the_whole_run() -> None:
    tree = Product((Sequence((Segment(Constant(0.5), Length(45, "steps")), Segment(Cosine(0.1)))), Constant(0.5)))
    handle = handles(design_with(tree))["0.1.floor"]
    assert (handle.step, handle.value) == (450, pytest.approx(0.05 * BASE))
    after = drag(tree, "0.1.floor", factor=0.2)
    assert after.factors[0].segments[1].schedule == Cosine(0.4)
    assert after.factors[1] == tree.factors[1]


def test_the_end_of_a_segment_is_reached_at_its_last_step() -> None:
    row = Sequence((Segment(Cosine(0.1), Length(90, "steps")), Segment(Constant())))
    found = handles(design_with(row))
    assert found["0.floor"].step == 89
    assert "0.length" not in found
    assert drag(row, "0.floor", factor=0.4).segments[0].schedule.floor == pytest.approx(0.4, rel=5e-3)


def test_what_a_clamp_cuts_off_or_a_freeze_covers_has_no_handle() -> None:
    assert "0.floor" in handles(design_with(Clamp(Cosine(0.2), 0.1, 1.0)))
    assert "0.floor" not in handles(design_with(Clamp(Cosine(0.0), 0.1, 1.0)))
    design = design_with(WARM_UP)
    frozen = edits.set_freeze(design, 7, (Freeze(Length(0, "steps"), Length(3, "epochs")),))
    assert "boundary 0" not in handles(frozen)
    assert handles(frozen)["base_lr"].step == 135


def test_control_snaps_steps_to_epochs_and_corners_and_values_to_one_two_five() -> None:
    assert drag(WARM_UP, "boundary 0", step=130, how="snap").segments[0].length == Length(3, "epochs")
    assert drag(Linear(0.1, 0.8), "start", factor=0.047, how="snap") == Linear(0.05, 0.8)
    plan = Plan(1000, 10)
    design = design_with(Sequence((Segment(Constant(), Length(100, "steps")), Segment(Cosine()))), plan)
    design = edits.set_option(design, 7, "weight_decay", 0.1)
    design = edits.set_track(design, 7, "weight_decay", StepDecay(Length(320, "steps")))
    assert applied(design, handles(design)["boundary 0"].moved(330, BASE, "snap")).groups[0].lr.schedule.segments[
        0
    ].length == Length(320, "steps")


@pytest.mark.parametrize(("direction", "how", "step"), [(1, "normal", 91), (-1, "normal", 89), (1, "snap", 135)])
def test_arrow_keys_left_and_right_move_by_a_step_or_to_the_next_line(direction: int, how: Any, step: int) -> None:
    design = design_with(WARM_UP)
    after = applied(design, handles(design)["boundary 0"].nudged(direction, how, "step"))
    assert handles(after)["boundary 0"].step == step
    assert applied(design, handles(design)["boundary 0"].nudged(direction, how, "value")) is design


@given(shapes(), st.sampled_from([1, -1]))
@example(MultiStep((Length(0, "steps"),) * 3, 0.40805), 1)
@settings(max_examples=100, deadline=None)
def test_arrow_keys_up_and_down_never_move_a_handle_the_other_way(schedule: Any, direction: int) -> None:
    design = design_with(schedule)
    for name, handle in handles(design).items():
        try:
            after = handles(applied(design, handle.nudged(direction)))
        except UserError:
            continue
        if name in after and after[name].step == handle.step:
            assert (after[name].value - handle.value) * direction >= -1e-12 * abs(handle.value)


def test_a_key_passes_its_neighbours_but_never_lands_on_one() -> None:
    keys = (Keyframe(Length(200, "steps"), 1.0), Keyframe(Length(0, "steps"), 0.5), Keyframe(Length(300, "steps"), 0.1))
    design = design_with(Keyframes(keys))
    moved = applied(design, handles(design)["key 0"].moved(100, BASE)).groups[0].lr.schedule
    assert moved.keys[0].at == Length(100, "steps")
    beyond = applied(design, handles(design)["key 0"].moved(400, BASE)).groups[0].lr.schedule
    assert beyond.keys[0].at == Length(400, "steps")
    beside = applied(design, handles(design)["key 0"].moved(300, BASE)).groups[0].lr.schedule
    assert beside.keys[0].at == Length(299, "steps")


def test_of_two_keys_at_one_step_the_one_that_counts_has_the_handle() -> None:
    keys = (Keyframe(Length(0, "steps"), 1.0), Keyframe(Length(90, "steps"), 0.5), Keyframe(Length(2, "epochs"), 0.1))
    found = handles(design_with(Keyframes(keys)))
    assert "key 1" not in found
    assert found["key 2"].key is not None
    assert found["key 2"].key.index == 2


def test_a_second_peak_is_not_taken_hold_of_where_cycles_are_shorter_than_steps() -> None:
    length = Length(27, "steps")
    assert "decay" in handles(design_with(HardRestarts(cycles=27, decay=0.9, length=length)))
    assert "decay" not in handles(design_with(HardRestarts(cycles=400, decay=0.9, length=length)))


def test_from_zero_an_arrow_key_leads_up() -> None:
    design = design_with(Cosine(0.0))
    assert applied(design, handles(design)["floor"].nudged(1)).groups[0].lr.schedule == Cosine(0.01)
    assert applied(design, handles(design)["floor"].nudged(-1)) is design


def test_the_text_of_a_handle_and_of_two_at_one_place() -> None:
    found = handles(design_with(WARM_UP, base=5e-4))
    assert found["boundary 0"].text == "warm-up ends · epoch 2 · step 90 · lr 5e-4"
    assert found["boundary 1"].title == "cool-down starts"
    both = (found["base_lr"], found["boundary 0"])
    assert handle_text(both) == "warm-up ends · epoch 2 · step 90 · base lr 5e-4"


def test_the_base_handle_of_another_track_drives_its_option() -> None:
    group = Group(7, "head", options=AdamWOptions(weight_decay=0.05), weight_decay=Cosine(0.1))
    design = Design(Model(), PLAN, (group,), 7)
    base = handles(design, "weight_decay")["weight_decay"]
    assert base.text == "weight decay 0.05 · step 0"
    edit = base.moved(0, 0.1234)
    assert edit.label == "Weight decay of head"
    assert applied(design, edit).groups[0].options.weight_decay == 0.123
    floor = handles(design, "weight_decay")["floor"]
    after = applied(design, floor.moved(450, 0.02)).groups[0]
    assert after.weight_decay == Cosine(0.4)
    assert after.lr is group.lr


def test_a_weight_decay_of_nothing_can_be_dragged_up() -> None:
    design = Design(Model(), PLAN, (Group(7, "head", options=SGDOptions()),), 7)
    base = handles(design, "weight_decay")["weight_decay"]
    assert (base.value, base.step, base.may_be_zero) == (0.0, 225, True)
    assert applied(design, base.moved(0, 0.01)).groups[0].options.weight_decay == 0.01
    assert applied(design, base.nudged(1)).groups[0].options.weight_decay == 0.01
    assert applied(design, base.nudged(-1)) is design


@pytest.mark.parametrize(("target", "expected"), [(0.99951, 0.99951), (0.9876, 0.9876), (0.5123, 0.512), (1.2, 1.0)])
def test_a_beta_near_one_is_rounded_in_what_is_missing_to_one(target: float, expected: float) -> None:
    design = Design(Model(), PLAN, (Group(7, "head"),), 7)
    after = applied(design, handles(design, "beta2")["beta2"].moved(0, target)).groups[0].options.beta2
    assert after == pytest.approx(expected, abs=1e-9)
    assert after < 1


def test_a_track_that_the_optimizer_does_not_have_has_no_handles() -> None:
    assert handles_of(Group(7, "head", options=SGDOptions()), "beta2", PLAN) == ()
