"""Which rows and parameters of a model a query is about."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrdesigner.identity import Same
from lrdesigner.inventory import Inventory
from lrdesigner.model_rows import Bools, Ints, Rows, rows_of
from lrdesigner.queries.parse import parse
from lrdesigner.queries.terms import NameTerm, NumberTerm, Query, Term, TypeTerm

COMPARE: Mapping[str, Callable[[Any, float], Any]] = MappingProxyType(
    {">": operator.gt, "<": operator.lt, ">=": operator.ge, "<=": operator.le, "=": operator.eq}
)


def matching_rows(inventory: Inventory, query: Query) -> Bools:
    """For each row of `rows_of(inventory)`, whether every term holds for it; terms on numbers hold for no module."""
    rows = rows_of(inventory)
    found = np.ones(len(rows), dtype=np.bool_)
    for term in query:
        found &= _holds(rows, inventory, term)
    return found


def matching_parameters(inventory: Inventory, text: str) -> Bools:
    """For each parameter of the inventory, whether a query holds for the tensor under any of its names."""
    return _matching_parameters(Same(inventory), text)


@lru_cache(maxsize=64)
def _matching_parameters(same: Same[Inventory], text: str) -> Bools:
    rows = rows_of(same.value)
    own = matching_rows(same.value, parse(text))[rows.parameter_rows]
    return any_name(rows, own)


def any_name(rows: Rows, marked: Bools) -> Bools:
    """Of marked parameters every name of the tensor."""
    tensors = np.zeros(len(marked), dtype=np.bool_)
    tensors[rows.firsts[marked]] = True
    return tensors[rows.firsts]


def prepare(inventory: Inventory) -> None:
    """Make the tables that queries of names need, so that the first of them is as fast as the others."""
    rows = rows_of(inventory)
    _all_text(rows)
    _components(rows)


def _holds(rows: Rows, inventory: Inventory, term: Term) -> Bools:
    match term:
        case NameTerm():
            found = _names(rows, term)
        case TypeTerm():
            found = _types(rows, inventory, term)
        case NumberTerm():
            found = _numbers(rows, inventory, term)
    if term.negated:
        found = ~found
        if isinstance(term, NumberTerm):
            found &= _is_parameter(rows)
    return found


def _names(rows: Rows, term: NameTerm) -> Bools:
    own = np.zeros(len(rows), dtype=np.bool_)
    if term.plain and "." not in term.literals[0]:
        # It cannot span components, so it is enough to look at each distinct one.
        components = _components(rows)
        own = np.array([term.literals[0] in name.lower() for name in components.distinct])[components.codes]
    elif term.plain:
        own[_holding(rows, term.literals[0])] = True
    else:
        search, text = term.pattern.search, _all_text(rows).paths
        # Beyond ASCII, case has more sides to it than `lower` tells of: the long s is an s to a pattern.
        rare = term.literals and text.isascii() and 4 * sum(map(text.count, term.literals)) < len(rows)
        found = [row for literal in term.literals for row in _holding(rows, literal)] if rare else []
        candidates: Iterable[int] = dict.fromkeys(found) if rare else range(len(rows))
        own[[row for row in candidates if search(rows.paths[row])]] = True
    own[0] = False
    return rows.spread(own)


def _holding(rows: Rows, literal: str) -> list[int]:
    """Rows whose path holds a text, given in lower case; searched for in all paths at once."""
    text = _all_text(rows)
    places = []
    place = text.paths.find(literal)
    while place >= 0:
        places.append(place)
        place = text.paths.find(literal, place + 1)
    found: list[int] = np.unique(np.searchsorted(text.starts, places, side="right") - 1).tolist()
    return found


@dataclass(frozen=True, slots=True)
class _AllText:
    """All paths in lower case, each on a line, and where each begins."""

    paths: str
    starts: Ints


@dataclass(frozen=True, slots=True)
class _Components:
    """The distinct last components of paths, or types, and which one each row has."""

    distinct: list[str]
    codes: Ints


def _all_text(rows: Rows) -> _AllText:
    return _all_text_of(Same(rows))


@lru_cache(maxsize=2)
def _all_text_of(same: Same[Rows]) -> _AllText:
    lowered = [path.lower() for path in same.value.paths]
    lengths = np.fromiter(map(len, lowered), np.int64, len(lowered)) + 1
    return _AllText("\n".join(lowered), np.cumsum(lengths) - lengths)


def _components(rows: Rows) -> _Components:
    return _components_of(Same(rows))


@lru_cache(maxsize=2)
def _components_of(same: Same[Rows]) -> _Components:
    places: dict[str, int] = {}
    codes = [places.setdefault(path.rpartition(".")[2], len(places)) for path in same.value.paths]
    return _Components(list(places), np.array(codes, dtype=np.int64))


@lru_cache(maxsize=2)
def _kinds_of(same: Same[Rows]) -> _Components:
    places: dict[str, int] = {}
    codes = [places.setdefault(name, len(places)) for name in same.value.types]
    return _Components(list(places), np.array(codes, dtype=np.int64))


def types_that_fit(inventory: Inventory, term: TypeTerm) -> set[str]:
    """The types of the model's modules that fit a term, themselves or in what they derive from; negation apart."""
    search, types = term.pattern.search, _kinds_of(Same(rows_of(inventory))).distinct
    return {name for name in types if name and any(map(search, (name, *inventory.bases.get(name, ()))))}


def spread_names(inventory: Inventory, term: NameTerm) -> Bools:
    """For each row, whether it or a module around it has a name that fits a term; negation apart."""
    return _names(rows_of(inventory), term)


def _types(rows: Rows, inventory: Inventory, term: TypeTerm) -> Bools:
    kinds, fitting = _kinds_of(Same(rows)), types_that_fit(inventory, term)
    fits = [name in fitting for name in kinds.distinct]
    return rows.spread(np.array(fits, dtype=np.bool_)[kinds.codes])


def _numbers(rows: Rows, inventory: Inventory, term: NumberTerm) -> Bools:
    found = np.zeros(len(rows), dtype=np.bool_)
    if not inventory.parameters:
        return found
    values = rows.depths[rows.parameter_rows] if term.what == "depth" else _measures(Same(inventory))[term.what]
    found[rows.parameter_rows] = COMPARE[term.comparison](values, term.bound)
    return found


@lru_cache(maxsize=2)
def _measures(same: Same[Inventory]) -> Mapping[str, NDArray[Any]]:
    infos = same.value.parameters
    return {
        "ndim": np.array([len(info.shape) for info in infos]),
        "size": np.array([info.numel for info in infos], dtype=np.float64),
    }


def _is_parameter(rows: Rows) -> Bools:
    found = np.zeros(len(rows), dtype=np.bool_)
    found[rows.parameter_rows] = True
    return found
