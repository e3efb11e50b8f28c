"""Where two designs differ, by the edits that people make."""

from __future__ import annotations

from lrdesigner import edits
from lrdesigner.demos import demo_design
from lrdesigner.differences import place_of_difference
from lrdesigner.places import Place
from lrdesigner.schedules import Constant, Cosine, Product, Segment, Sequence

DESIGN = demo_design()
GROUP = DESIGN.groups[-1].id


def test_equal_designs_have_no_difference() -> None:
    assert place_of_difference(DESIGN, DESIGN) is None


def test_a_group_that_came_or_went_is_named() -> None:
    more = edits.add_group(DESIGN, "new")
    assert place_of_difference(DESIGN, more) == Place(group=more.groups[-1].id)
    assert place_of_difference(more, DESIGN) == Place(group=DESIGN.groups[-1].id)


def test_a_name_a_base_and_an_option_are_named_by_field() -> None:
    assert place_of_difference(DESIGN, edits.rename_group(DESIGN, GROUP, "other")) == Place(group=GROUP, field="name")
    found = place_of_difference(DESIGN, edits.set_base_lr(DESIGN, GROUP, 0.123))
    assert found == Place(group=GROUP, slot="lr", field="base")
    found = place_of_difference(DESIGN, edits.set_option(DESIGN, GROUP, "weight_decay", 0.123))
    assert found == Place(group=GROUP, field="weight_decay")


def test_the_deepest_node_that_differs_is_named() -> None:
    def nested(factor: float) -> Sequence:
        return Sequence((Segment(Constant()), Segment(Product((Constant(), Constant(factor))))))

    before, after = (edits.set_schedule(DESIGN, GROUP, nested(factor)) for factor in (0.5, 0.25))
    assert place_of_difference(before, after) == Place(group=GROUP, slot="lr", path=(1, 1), field="factor")
    other = edits.set_schedule(DESIGN, GROUP, Cosine())
    assert place_of_difference(after, other) == Place(group=GROUP, slot="lr", path=())


def test_pins_name_their_modules() -> None:
    path = DESIGN.pins[0].path
    assert place_of_difference(DESIGN, edits.unpin(DESIGN, [path])) == Place(area="modules", modules=(path,))
