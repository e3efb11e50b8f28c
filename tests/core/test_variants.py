"""Variants: fields by address, values by text, grids and draws, and the runs that compare them fairly."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from lrdesigner import edits
from lrdesigner.demos import demo_design
from lrdesigner.document import Batches, Design, Plan
from lrdesigner.errors import UserError
from lrdesigner.following import follow
from lrdesigner.schedules import SHAPES, Length, default_node
from lrdesigner.trials.addresses import addresses, changed, places_at
from lrdesigner.trials.options import TrialOptions
from lrdesigner.trials.variants import baseline_of, grid, random_search, runs_of, variants_of

DEMO = demo_design()
BACKBONE, HEAD = DEMO.groups


def _with_shape(tag: str) -> Design:
    node = default_node(next(shape for shape in SHAPES if shape.tag == tag))
    return edits.set_schedule(DEMO, HEAD.id, node)


@pytest.mark.parametrize("tag", [shape.tag for shape in SHAPES if shape.family != "feedback"])
def test_what_a_field_holds_can_be_set_by_its_text(tag: str) -> None:
    design = _with_shape(tag)
    held = [place for address in addresses(design) for place in places_at(design, address) if place.value is not None]
    assert len(held) > 30
    # A number that belongs to no part of a schedule yet begins one, so the values are compared and not the designs.
    for place in held:
        after = places_at(changed(design, place.address, place.text), place.address)
        assert [found.value for found in after] == [place.value], place.address


@pytest.mark.parametrize(
    ("address", "text", "value"),
    [
        ("head.lr", "2e-3", 2e-3),
        ("head.weight_decay", "0.1", 0.1),
        ("head.beta1", "0.8", 0.8),
        ("head.amsgrad", "true", True),
        ("head.optimizer", "SGD", "SGD"),
        ("head.layer_decay", "0.9", 0.9),
        ("head.layer_decay.minimum", "0.1", 0.1),
        ("head.schedule.2.end", "0.1", 0.1),
        ("head.schedule.0.length", "2 epochs", Length(2, "epochs")),
        ("head.schedule.0.shape", "cosine", "cosine"),
        ("head.schedule.0.shape.length", "10 steps", Length(10, "steps")),
        ("head.schedule.shape", "cosine", "cosine"),
        ("head.weight_decay.schedule.shape", "linear", "linear"),
        ("head.beta1.schedule.factor", "0.9", 0.9),
        ("plan.epochs", "7", 7),
        ("plan.epoch", "50", 50),
    ],
)
def test_a_field_is_set_by_its_address(address: str, text: str, value: object) -> None:
    assert places_at(changed(DEMO, address, text), address)[0].value == value


def test_the_length_of_a_part_is_how_long_it_lasts_and_its_shape_has_its_own() -> None:
    segments = changed(DEMO, "head.schedule.0.length", "2 epochs").groups[1].lr.schedule.segments  # type: ignore[union-attr]
    assert (segments[0].length, segments[0].schedule) == (Length(2, "epochs"), HEAD.lr.schedule.segments[0].schedule)  # type: ignore[union-attr]


def test_a_star_means_every_group_that_has_the_field() -> None:
    design = edits.set_optimizer(DEMO, HEAD.id, "SGD")
    assert [place.address for place in places_at(design, "*.beta1")] == ["backbone.beta1"]
    assert [group.options.weight_decay for group in changed(DEMO, "*.weight_decay", "0.2").groups] == [0.2, 0.2]  # type: ignore[union-attr]


def test_a_common_factor_keeps_the_ratios_between_groups() -> None:
    assert [group.lr.base for group in changed(DEMO, "*.lr", "0.1").groups] == [1e-4, 4e-4]
    followed = changed(follow(DEMO, HEAD.id, BACKBONE.id), "*.lr", "10")
    assert [group.lr.base for group in followed.groups] == [1e-2, 4e-2]


def test_a_group_whose_name_has_a_point_is_found_by_all_of_its_name() -> None:
    design = edits.rename_group(edits.rename_group(DEMO, HEAD.id, "net.lr"), BACKBONE.id, "net")
    assert changed(design, "net.lr.lr", "0.5").groups[1].lr.base == 0.5
    assert changed(design, "net.weight_decay", "0.5").groups[1] == design.groups[1]


def test_what_a_pass_consists_of_can_be_varied() -> None:
    design = replace(DEMO, plan=Plan(Batches(samples=1000, batch_size=10), 2))
    assert changed(design, "plan.batch_size", "20").plan.steps_per_epoch == 50
    with pytest.raises(UserError, match=r"no field 'epoch'.*batch_size"):
        changed(design, "plan.epoch", "20")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("haed.lr=1", "there are backbone, head, *, plan; did you mean head?"),
        ("head.lrr=1", "head has no field 'lrr' (in head.lrr): there are lr, optimizer"),
        ("head.lr=0", "head.lr cannot be '0': Base lr must be above 0, not 0."),
        ("head.lr=fast", "'fast' is not a number"),
        ("head.optimizer=Adm", "Optimizer must be one of SGD, Adam"),
        ("head.amsgrad=2", "'2' is neither true nor false"),
        ("head.schedule.9.end=1", "the sequence there has parts 0 to 2, not 9"),
        ("head.schedule.0.0.end=1", "the linear there has no parts, not 0"),
        ("head.schedule.x.end=1", "'x' is no part of a schedule"),
        ("head.schedule.1.fctor=1", "did you mean factor?"),
        ("head.betas.x=1", "head has nothing at betas"),
        ("head.nu.schedule.end=1", "head has no schedule of 'nu'"),
        ("*.nu=1", "No group has the field nu."),
        ("plan.epochs=1.5", "1.5 is not a whole number"),
        ("head.schedule.0.length=0 steps", "at least 1 step"),
        ("head.lr=1..2..x", "'x' is no scale"),
        ("head.lr=2..1", "from the lower to the higher"),
        ("head.lr=1..2..3..4", "is no range"),
        ("head.weight_decay=0..1..log", "begins above 0"),
        ("head.schedule.0.length=1 epochs..9%", "the same unit"),
        ("head.optimizer=SGD..Adam", "no numbers between"),
        ("head.lr=1..2", "say how many to draw with --random"),
        ("head.lr", "is not ADDRESS=VALUES"),
    ],
)
def test_what_cannot_be_varied_is_refused_in_one_sentence(text: str, words: str) -> None:
    with pytest.raises(UserError) as refused:
        variants_of({"demo": DEMO}, [text])
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_grid_has_every_combination_once() -> None:
    found = variants_of({"demo": DEMO}, ["head.lr=1e-3, 2e-3,1e-3", "backbone.schedule.1.floor=0,0.1"])
    assert [variant.label for variant in found] == [
        f"head.lr={rate}, backbone.schedule.1.floor={floor}" for rate in ("1e-3", "2e-3") for floor in ("0", "0.1")
    ]
    assert len({variant.design.groups for variant in found}) == 4


def test_too_many_combinations_are_refused_before_any_is_made() -> None:
    with pytest.raises(UserError, match=r"100,000,000 variants.*--random"):
        grid(DEMO, {address: ["1"] * 100 for address in ("a", "b", "c", "d")})


def test_several_designs_are_told_apart_and_the_same_one_is_run_once() -> None:
    other = edits.set_base_lr(DEMO, HEAD.id, 1e-2)
    found = variants_of({"a": DEMO, "b": other, "c": DEMO}, [])
    assert [(variant.label, variant.design) for variant in found] == [("a", DEMO), ("b", other)]
    crossed = variants_of({"a": DEMO, "b": other}, ["head.lr=1e-3,1e-2"])
    assert [variant.label for variant in crossed] == ["a: head.lr=1e-3", "a: head.lr=1e-2"]


def test_a_name_or_a_value_may_hold_what_separates_others() -> None:
    design = changed(DEMO, "head.schedule.shape", "expression")
    found = variants_of({"": design}, ["head.schedule.formula=min(progress, 0.5),1 - progress"])
    assert [variant.changes for variant in found] == [
        (("head.schedule.formula", text),) for text in ("min(progress, 0.5)", "1 - progress")
    ]


def test_a_field_that_an_earlier_value_brings_can_be_varied() -> None:
    found = variants_of({"": DEMO}, ["head.optimizer=SGD", "head.momentum=0,0.9"])
    assert [variant.design.groups[1].options.momentum for variant in found] == [0.0, 0.9]  # type: ignore[union-attr]


RANGES = {
    "head.lr": "1e-5..1e-2",
    "backbone.weight_decay": "0..0.3",
    "plan.epochs": "2..9",
    "head.schedule.0.length": "1%..20%",
    "backbone.schedule.1.floor": "0.01..0.1..log",
    "head.optimizer": "SGD,AdamW",
}


@given(st.integers(0, 2**32))
def test_what_is_drawn_lies_in_its_range(seed: int) -> None:
    for variant in random_search(DEMO, RANGES, 3, seed):
        values = {address: places_at(variant.design, address)[0].value for address in RANGES}
        assert 1e-5 <= values["head.lr"] <= 1e-2
        assert 0 <= values["backbone.weight_decay"] <= 0.3
        assert values["plan.epochs"] in range(2, 10)
        assert values["head.schedule.0.length"].unit == "percent"
        assert 1 <= values["head.schedule.0.length"].value <= 20
        assert 0.01 <= values["backbone.schedule.1.floor"] <= 0.1


def test_a_search_can_be_repeated_and_rates_are_drawn_by_decades() -> None:
    found = random_search(DEMO, {"head.lr": "1e-5..1e-2"}, 300, 7)
    assert found == random_search(DEMO, {"head.lr": "1e-5..1e-2"}, 300, 7)
    decades = Counter(f"{variant.design.groups[1].lr.base:e}"[-3:] for variant in found)
    assert all(70 < decades[decade] < 130 for decade in ("-05", "-04", "-03"))
    evenly = random_search(DEMO, {"head.lr": "1e-5..1e-2..lin"}, 100, 7)
    assert sum(variant.design.groups[1].lr.base > 1e-3 for variant in evenly) > 70


def test_a_search_ends_where_there_are_no_more_different_values() -> None:
    assert len(random_search(DEMO, {"plan.epochs": "2..4"}, 10)) == 3


def test_all_variants_run_with_one_seed_before_the_next() -> None:
    variants = variants_of({"demo": DEMO}, ["head.lr=1e-3,2e-3,3e-3"])
    runs = runs_of(variants, TrialOptions(steps=20, seed=5), 2)
    assert [(run.variant, run.seed) for run in runs] == [(v, seed) for seed in (5, 6) for v in variants]
    assert {replace(run.options, seed=0) for run in runs} == {TrialOptions(steps=20)}
    with pytest.raises(UserError, match="at least 1 seed"):
        runs_of(variants, TrialOptions(), 0)


def test_the_id_of_a_run_follows_from_what_is_run() -> None:
    first = runs_of(variants_of({"demo": DEMO}, ["head.lr=1e-3,2e-3"]), TrialOptions(steps=20), 1)
    again = runs_of(variants_of({"demo": DEMO}, ["head.lr=3e-3,2e-3"]), TrialOptions(steps=20), 1)
    longer = runs_of(variants_of({"demo": DEMO}, ["head.lr=2e-3"]), TrialOptions(steps=21), 1)
    assert first[1].id == again[1].id
    assert len({run.id for run in (*first, *again, *longer)}) == 4
    assert first[1].id.startswith("head.lr=2e-3-s0-")


def test_the_design_as_it_was_is_what_others_are_compared_with() -> None:
    variants = variants_of({"demo": DEMO}, ["head.lr=1e-3,4e-3"])
    assert baseline_of(variants, DEMO) is variants[1]
    assert baseline_of(variants[:1], DEMO) is variants[0]
