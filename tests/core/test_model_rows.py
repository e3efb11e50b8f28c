"""The rows of a model: their order and ranges, what filters leave of them, which groups have what lies below."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from strategies import designs, inventories

from lrdesigner.document import Design
from lrdesigner.filtered_rows import filtered
from lrdesigner.inventory import Inventory, ModuleInfo, ParameterInfo
from lrdesigner.membership import ancestors, membership, wished
from lrdesigner.model_rows import NO_PARENT, forward_ranks, rows_of
from lrdesigner.owned_rows import owned_rows
from lrdesigner.queries import matching_parameters, parse


def by_depth(inventory: Inventory) -> Inventory:
    """Not in torch's order: modules before what is in them still, but no depth-first walk."""
    modules = sorted(inventory.modules, key=lambda module: module.path.count(".") + bool(module.path))
    return replace(inventory, modules=tuple(modules))


@settings(max_examples=50, deadline=None)
@given(inventories(), st.booleans())
def test_rows_are_depth_first_and_their_ranges_hold_what_lies_below(found: Inventory, mixed: bool) -> None:
    inventory = by_depth(found) if mixed else found
    rows = rows_of(inventory)
    paths = {module.path for module in inventory.modules}
    assert sorted(rows.paths) == sorted([*paths, *(p.name for p in inventory.parameters)])
    assert (rows.parents[0], rows.paths[0]) == (NO_PARENT, "")
    for row, path in enumerate(rows.paths):
        assert rows.ids[path] == row
        below = [other for other in range(len(rows)) if path in list(ancestors(rows.paths[other]))]
        assert list(rows.below(row)) == below
        if row:
            outer = next(outer for outer in list(ancestors(path))[1:] if outer in paths)
            assert rows.paths[rows.parents[row]] == outer
            assert row in rows.children(rows.parents[row])
        assert rows.depths[row] == len(rows.around(row))
        inside = [p for r in below if (p := rows.parameters[r]) is not None]
        tensors = {p.tied_to or p.name: p.numel for p in inside}
        assert rows.numels[row] == sum(tensors.values())
        assert rows.trainable[row] == any(p.trainable for p in inside)
    assert [rows.paths[row] for row in rows.parameter_rows] == [p.name for p in inventory.parameters]


def test_parameters_whose_module_is_not_listed_hang_below_the_nearest_listed_one() -> None:
    rows = rows_of(Inventory((ModuleInfo("", ""),), (ParameterInfo("a.b.weight", (2,), "float32", 2, True),)))
    assert ([rows.name(row) for row in range(len(rows))], rows.parents) == (["model", "a.b.weight"], [-1, 0])


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("features.0", {"features.0", "features.0.weight", "features.0.bias"}),
        ("features *.bias", {"features.0.bias", "features.3.bias"}),
        ("type:Linear *.weight size>40k", {"classifier.1.weight"}),
        ("type:conv ndim:1", {"features.0.bias", "features.3.bias"}),
        ("size=10", {"classifier.5.bias"}),
        ("nothing like it", set()),
        ("!features !classifier.1 !classifier.5", {"classifier.3", "classifier.3.weight", "classifier.3.bias"}),
    ],
)
def test_filters_find_rows(lenet_inventory: Inventory, words: str, expected: set[str]) -> None:
    rows = rows_of(lenet_inventory)
    found = filtered(lenet_inventory, parse(words))
    with_parameters = [row for row in np.flatnonzero(found.matches) if rows.numels[row]]
    assert {rows.paths[row] for row in with_parameters} == expected


QUERIES = ("enc", "*.bias", "ndim:1", "!head", "size>3 weight", "type:Block !enc", "0|1", "/we.*t/", "depth<2")


@settings(max_examples=50, deadline=None)
@given(inventories(), st.sampled_from(QUERIES))
def test_what_is_shown_are_matches_with_what_is_in_and_around_them(inventory: Inventory, query: str) -> None:
    rows, found = rows_of(inventory), filtered(inventory, parse(query))
    matches = set(np.flatnonzero(found.matches).tolist())
    inside = {other for row in matches for other in rows.below(row)}
    around = {outer for row in matches for outer in rows.around(row)}
    assert set(np.flatnonzero(found.shown).tolist()) == inside | around
    assert set(np.flatnonzero(found.opened).tolist()) == around - inside
    outermost = {row for row in matches if not matches & set(rows.around(row))}
    assert set(found.outermost(rows).tolist()) == outermost


@settings(max_examples=50, deadline=None)
@given(inventories(), st.sampled_from(QUERIES))
def test_a_filter_counts_the_tensors_that_a_rule_would_fit(inventory: Inventory, query: str) -> None:
    found = filtered(inventory, parse(query))
    fits = matching_parameters(inventory, query)
    tensors = [p for p, fit in zip(inventory.parameters, fits, strict=True) if fit and p.tied_to is None]
    assert (found.tensors, found.numel) == (len(tensors), sum(p.numel for p in tensors))


@settings(max_examples=50, deadline=None)
@given(designs(only_members=True))
def test_owned_rows_agree_with_the_membership_of_each_parameter(design: Design) -> None:
    rows, owned, members = rows_of(design.model.inventory), owned_rows(design), membership(design)
    for row in range(len(rows)):
        below = [p for r in rows.below(row) if (p := rows.parameters[r]) is not None]
        groups = {members.placements[p.name].group for p in below}
        assert owned.groups_of(row) == tuple(group.id for group in design.groups if group.id in groups)
        tensors = {p.tied_to or p.name: p.numel for p in below}
        shares = dict.fromkeys(groups, 0)
        for name, numel in tensors.items():
            shares[members.placements[name].group] += numel
        assert owned.shares(row) == shares
        refused = [wished(design).placements[p.name].group != members.placements[p.name].group for p in below]
        assert owned.is_refused(row) == any(refused)


@settings(max_examples=50, deadline=None)
@given(designs(only_members=True))
def test_amounts_count_what_the_members_are(design: Design) -> None:
    members = membership(design)
    for group in (*(group.id for group in design.groups), 999):
        held, listed, trained = members.amount(group), members.members(group), members.trainable(group)
        assert held.trainable == sum(p.numel for p in trained)
        assert held.frozen == sum(p.numel for p in listed) - held.trainable
        assert (held.tensors, held.trainable_tensors) == (len(listed), len(trained))
        assert held.modules <= len(trained)


def test_a_forward_pass_orders_modules_by_when_they_or_their_parts_are_first_entered(
    lenet_inventory: Inventory,
) -> None:
    inventory = replace(lenet_inventory, order=("", "classifier.1", "features", "features.3", "classifier.1"))
    rows, ranks = rows_of(inventory), forward_ranks(inventory)
    inner = rows.children(0)
    assert [rows.paths[row] for row in inner[ranks[inner].argsort(kind="stable")]] == ["classifier", "features"]
    assert ranks[rows.ids["features.0.bias"]] == -1
