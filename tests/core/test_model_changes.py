"""A model that has changed under a design: what is gone and new, and where pinned parts are now."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace
from strategies import inventories

from lrdesigner import edits
from lrdesigner.document import Design, Model, Pin, new_design
from lrdesigner.inventory import Inventory, ModuleInfo, ParameterInfo
from lrdesigner.membership import membership
from lrdesigner.model_changes import Renaming, changes, lost_pins, renamings
from lrdesigner.model_edits import add_group_with_rule, apply_renamings, reload_model


def inventory(*nodes: str) -> Inventory:
    """Modules as `path:Type`, parameters as `path=2x3`, in any order."""
    modules = [ModuleInfo(*node.split(":")) for node in nodes if ":" in node]
    parameters = []
    for node in nodes:
        if "=" in node:
            name, _, sizes = node.partition("=")
            shape = tuple(int(size) for size in sizes.split("x"))
            numel = 1
            for size in shape:
                numel *= size
            parameters.append(ParameterInfo(name, shape, "float32", numel, True))
    return Inventory((ModuleInfo("", "Net"), *modules), tuple(parameters))


BEFORE = inventory(
    "backbone:Backbone", "backbone.0:Linear", "backbone.0.weight=4x2", "backbone.0.bias=4", "backbone.1:ReLU",
    "head:Linear", "head.weight=3x4", "head.bias=3",
)  # fmt: skip


def with_names(old: Inventory, prefix: str, new: str) -> Inventory:
    """The inventory with one module or parameter called otherwise."""

    def name(path: str) -> str:
        return new + path[len(prefix) :] if path == prefix or path.startswith(f"{prefix}.") else path

    return Inventory(
        tuple(replace(module, path=name(module.path)) for module in old.modules),
        tuple(replace(p, name=name(p.name), tied_to=p.tied_to and name(p.tied_to)) for p in old.parameters),
    )


def pairs(before: Inventory, after: Inventory, *pinned: str) -> dict[str, str]:
    return {found.old: found.new for found in renamings(before, after, [Pin(path, 1) for path in pinned])}


def test_nothing_changed_is_said() -> None:
    assert changes(BEFORE, BEFORE).summary == "Nothing has changed."


def test_what_is_gone_new_reshaped_retyped_and_refrozen_is_listed_by_its_outermost_paths() -> None:
    after = inventory(
        "backbone:Backbone", "backbone.0:Conv1d", "backbone.0.weight=4x3", "backbone.0.bias=4", "backbone.0.scale=4",
        "extra:Sequential", "extra.0:Linear", "extra.0.weight=2x2",
    )  # fmt: skip
    after = replace(
        after, parameters=tuple(replace(p, trainable=p.name != "backbone.0.bias") for p in after.parameters)
    )
    found = changes(BEFORE, after)
    assert found.removed == ("backbone.1", "head")
    assert found.added == ("backbone.0.scale", "extra")
    assert (found.reshaped, found.retyped, found.refrozen) == (
        ("backbone.0.weight",), ("backbone.0",), ("backbone.0.bias",),
    )  # fmt: skip
    assert found.summary == (
        "2 modules are gone, 1 module and 1 tensor are new, 1 tensor has another shape, 1 module has another type, "
        "1 tensor has another requires_grad."
    )


def test_a_renamed_module_is_found_and_takes_what_is_in_it_along() -> None:
    after = with_names(BEFORE, "backbone", "encoder")
    assert pairs(BEFORE, after, "backbone") == {"backbone": "encoder"}
    assert pairs(BEFORE, after, "backbone.0.bias", "backbone.0") == {"backbone": "encoder"}


def test_only_pinned_parts_are_told_of() -> None:
    assert pairs(BEFORE, with_names(BEFORE, "backbone", "encoder"), "head") == {}
    assert pairs(BEFORE, BEFORE, "backbone") == {}


def test_a_module_that_moved_into_another_is_found() -> None:
    after = inventory(
        "model:Net", "model.backbone:Backbone", "model.backbone.0:Linear", "model.backbone.0.weight=4x2",
        "model.backbone.0.bias=4", "model.backbone.1:ReLU", "model.head:Linear", "model.head.weight=3x4",
        "model.head.bias=3",
    )  # fmt: skip
    assert pairs(BEFORE, after, "backbone", "head.bias") == {"backbone": "model.backbone", "head": "model.head"}


def test_alike_siblings_go_by_their_order() -> None:
    before = inventory("a:Attention", *(f"a.{n}:Linear" for n in "qkv"), *(f"a.{n}.weight=4x4" for n in "qkv"))
    names = ("query", "key", "value")
    after = inventory("a:Attention", *(f"a.{n}:Linear" for n in names), *(f"a.{n}.weight=4x4" for n in names))
    assert pairs(before, after, "a.q", "a.v.weight") == {"a.q": "a.query", "a.v": "a.value"}


def test_names_may_change_on_two_levels_at_once() -> None:
    after = inventory(
        "encoder:Encoder", "encoder.first:Linear", "encoder.first.weight=4x2", "encoder.first.bias=4",
        "head:Linear", "head.weight=3x4", "head.bias=3",
    )  # fmt: skip
    assert pairs(BEFORE, after, "backbone", "backbone.0.bias") == {
        "backbone": "encoder", "backbone.0": "encoder.first",
    }  # fmt: skip


def test_what_is_not_clear_is_not_guessed() -> None:
    after = inventory("one:Linear", "one.weight=3x4", "one.bias=3", "two:Linear", "two.weight=3x4", "two.bias=3")
    assert pairs(BEFORE, after, "head", "backbone") == {}


def design_of(found: Inventory) -> Design:
    design = edits.add_group(new_design(Model("net.py:Net", {}, found)), "one")
    return edits.add_group(design, "two")


def owners(design: Design) -> dict[str, int]:
    return {name: placement.group for name, placement in membership(design).placements.items()}


def test_after_a_reload_pins_rules_and_groups_are_as_they_were() -> None:
    design = add_group_with_rule(edits.assign(design_of(BEFORE), ["backbone"], 2), "*.bias")
    after = reload_model(design, with_names(BEFORE, "backbone", "encoder"))
    assert (after.pins, after.rules, after.groups) == (design.pins, design.rules, design.groups)
    assert [pin.path for pin in lost_pins(after.model.inventory, after.pins)] == ["backbone"]
    assert reload_model(design, BEFORE) is design


def test_applied_renamings_move_lost_pins_only() -> None:
    design = edits.assign(edits.assign(design_of(BEFORE), ["backbone", "head"], 2), ["backbone.0.bias"], 3)
    after = reload_model(design, with_names(BEFORE, "backbone", "encoder"))
    moved = apply_renamings(after, [Renaming("backbone", "encoder", ""), Renaming("head", "backbone", "")])
    assert {pin.path: pin.group for pin in moved.pins} == {"encoder": 2, "encoder.0.bias": 3, "head": 2}
    assert apply_renamings(moved, [Renaming("backbone", "encoder", "")]) is moved


def test_a_pin_stays_where_its_new_name_is_pinned_or_unknown() -> None:
    design = edits.assign(design_of(BEFORE), ["backbone"], 2)
    after = edits.assign(reload_model(design, with_names(BEFORE, "backbone", "encoder")), ["encoder"], 3)
    assert apply_renamings(after, [Renaming("backbone", "encoder", "")]) is after
    assert apply_renamings(after, [Renaming("backbone", "nowhere", "")]) is after


def test_a_group_and_its_rule_are_one_edit() -> None:
    made = add_group_with_rule(design_of(BEFORE), " *.bias ")
    assert made.groups[-1].name == "*.bias"
    assert [(rule.group, rule.where) for rule in made.rules] == [(made.groups[-1].id, "*.bias")]
    assert owners(made)["head.bias"] == made.groups[-1].id


@given(inventories(), st.data())
def test_a_renamed_part_is_found_and_what_each_group_holds_stays_the_same_up_to_names(
    before: Inventory, data: st.DataObject
) -> None:
    # A name within the model's own listing: what is renamed holds a parameter, and its new name is new.
    holders = sorted({p.name.rpartition(".")[0] for p in before.parameters} - {""})
    assume(holders)
    old = data.draw(st.sampled_from(holders))
    old = ".".join(old.split(".")[: data.draw(st.integers(1, old.count(".") + 1))])
    new = ".".join([*old.split(".")[:-1], "renamed"])
    after = with_names(before, old, new)
    design = design_of(before)
    paths = [module.path for module in before.modules] + [p.name for p in before.parameters]
    for path in data.draw(st.lists(st.sampled_from(paths), max_size=4)):
        design = edits.assign(design, [path], data.draw(st.sampled_from([2, 3])))
    found = renamings(before, after, design.pins)
    touched = [pin for pin in design.pins if pin.path == old or pin.path.startswith(f"{old}.")]
    assert {r.old: r.new for r in found} == ({old: new} if touched else {})
    moved = apply_renamings(reload_model(design, after), found)
    assert list(owners(moved).values()) == list(owners(design).values())


@given(inventories(), inventories())
def test_renamings_and_changes_of_any_two_models_name_what_is_there(before: Inventory, after: Inventory) -> None:
    found = changes(before, after)
    old = {module.path for module in before.modules} | {p.name for p in before.parameters}
    new = {module.path for module in after.modules} | {p.name for p in after.parameters}
    assert set(found.removed) <= old - new
    assert set(found.added) <= new - old
    for renaming in renamings(before, after, [Pin(path, 1) for path in sorted(old)]):
        assert renaming.old in old - new
        assert renaming.new in new
