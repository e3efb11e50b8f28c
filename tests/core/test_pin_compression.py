"""The fewest pins for a membership: it is reproduced, no pin is idle, and no smaller set exists."""

from __future__ import annotations

from itertools import combinations, product

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from strategies import designs, inventories

from lrdesigner.document import Design, Group, Model, Pin, Plan
from lrdesigner.inventory import Inventory, ModuleInfo, ParameterInfo
from lrdesigner.membership import membership
from lrdesigner.pin_compression import Pinning, compressed


def pinned(inventory: Inventory, pinning: Pinning, ids: list[int]) -> dict[str, int]:
    groups = tuple(Group(id=number, name=str(number)) for number in ids)
    design = Design(Model(inventory=inventory), Plan(), groups, pinning.remainder, pinning.pins)
    return {p.name: membership(design).placements[p.name].group for p in inventory.parameters}


def inventory_of(*names: str) -> Inventory:
    paths = sorted({name.rpartition(".")[0] for name in names} | {""})
    modules = {outer for path in paths for outer in [path, *_above(path)]}
    rows = tuple(ParameterInfo(name, (2,), "float32", 2, True) for name in names)
    return Inventory(tuple(ModuleInfo(path, "Block") for path in sorted(modules)), rows)


def _above(path: str) -> list[str]:
    parts = path.split(".")
    return [".".join(parts[:depth]) for depth in range(len(parts))]


@settings(deadline=None)
@given(designs(only_members=True))
def test_the_membership_of_any_design_is_reproduced_with_no_more_pins_and_none_idle(design: Design) -> None:
    inventory, ids = design.model.inventory, [group.id for group in design.groups]
    before = membership(design).placements
    wanted = {p.name: before[p.name].group for p in inventory.parameters if p.tied_to is None}
    found = compressed(inventory, wanted, ids)
    assert pinned(inventory, found, ids) == {name: placement.group for name, placement in before.items()}
    for pin in found.pins:
        fewer = replace_pins(found, tuple(other for other in found.pins if other != pin))
        assert pinned(inventory, fewer, ids) != {name: placement.group for name, placement in before.items()}
    if all(p.tied_to is None for p in inventory.parameters):
        assert len(found.pins) <= len(design.pins)


def replace_pins(pinning: Pinning, pins: tuple[Pin, ...]) -> Pinning:
    return Pinning(pins, pinning.remainder)


@settings(deadline=None, max_examples=30)
@given(inventories(), st.data())
def test_no_smaller_set_of_pins_gives_the_same(inventory: Inventory, data: st.DataObject) -> None:
    parameters = [replace(p, tied_to=None) for p in inventory.parameters][:5]
    inventory = replace(inventory, parameters=tuple(parameters))
    wanted = {p.name: data.draw(st.sampled_from([1, 2])) for p in parameters}
    found = compressed(inventory, wanted, [1, 2])
    assert pinned(inventory, found, [1, 2]) == wanted
    places = sorted({module.path for module in inventory.modules} | wanted.keys())
    for size in range(min(len(found.pins), 2)):
        for paths in combinations(places, size):
            for ids in product([1, 2], repeat=size):
                pins = tuple(Pin(path, group) for path, group in zip(paths, ids, strict=True))
                assert all(pinned(inventory, Pinning(pins, rest), [1, 2]) != wanted for rest in (1, 2))


def test_a_head_takes_one_pin_and_biases_one_each() -> None:
    names = ("body.0.weight", "body.0.bias", "body.1.weight", "body.1.bias", "head.weight", "head.bias")
    inventory = inventory_of(*names)
    head = {name: 2 if name.startswith("head") else 1 for name in names}
    assert compressed(inventory, head, [1, 2]) == Pinning((Pin("head", 2),), 1)
    biases = {name: 2 if name.endswith("bias") else 1 for name in names}
    pins = tuple(Pin(name, 2) for name in sorted(names) if name.endswith("bias"))
    assert compressed(inventory, biases, [1, 2]) == Pinning(pins, 1)
    assert compressed(inventory, biases, [2, 1]).remainder == 2


def test_what_has_no_group_costs_no_pin() -> None:
    inventory = inventory_of("a.weight", "a.bias", "b.weight")
    assert compressed(inventory, {"a.weight": 2, "b.weight": 2}, [1, 2]) == Pinning((), 2)
    assert compressed(inventory, {}, [1, 2]) == Pinning((), 1)


def test_a_pin_nearer_to_a_second_name_is_overruled_on_the_first() -> None:
    inventory = inventory_of("wte.weight", "blocks.0.weight", "head.weight", "head.bias")
    tied = tuple(replace(p, tied_to="wte.weight") if p.name == "head.weight" else p for p in inventory.parameters)
    inventory = replace(inventory, parameters=tied)
    wanted = {"wte.weight": 1, "blocks.0.weight": 1, "head.bias": 2}
    found = compressed(inventory, wanted, [1, 2])
    assert found == Pinning((Pin("head.bias", 2),), 1)
    assert pinned(inventory, found, [1, 2]) == wanted | {"head.weight": 1}


def test_a_tree_of_a_thousand_levels_and_one_of_many_leaves_are_no_trouble() -> None:
    deep = ".".join(["a"] * 1000)
    assert compressed(inventory_of(f"{deep}.x", "y"), {f"{deep}.x": 2, "y": 1}, [1, 2]).remainder == 1
    wide = tuple(f"layers.{n}.{leaf}" for n in range(3000) for leaf in ("weight", "bias"))
    wanted = {name: 1 if name.endswith("weight") else 2 for name in wide}
    assert len(compressed(inventory_of(*wide), wanted, [1, 2]).pins) == 3000
