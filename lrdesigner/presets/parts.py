"""The parts of a model that presets speak of: head, embeddings, hidden matrices; and the queries that say them."""

from __future__ import annotations

import re
from functools import lru_cache

import numpy as np

from lrdesigner.document import LONGEST_QUERY
from lrdesigner.errors import UserError
from lrdesigner.expansion import has_types
from lrdesigner.identity import Same
from lrdesigner.inventory import Inventory
from lrdesigner.model_rows import Bools, Rows, rows_of
from lrdesigner.queries.find import any_name, matching_parameters

HEAD_NAMES = frozenset(
    {
        *("head", "heads", "fc", "classifier", "lm_head", "score", "logits", "cls", "qa_outputs"),
        *("output", "output_layer", "output_projection", "final_layer", "fc_out", "embed_out"),
    }
)
"""What people call the last module of a model."""

EMBEDDING_TYPES = "type=Embedding|EmbeddingBag"

_NAMES = re.compile(r"[^\s,!:=<>/]+")
"""A query of names alone, to which "|" can add more."""

_MOST_DEPTH = 3
_EMBEDDING_NAME = re.compile(r"(?i)(^|_)(embed(ding)?s?|emb|wte|wpe)(_|$)")
# Parameters that are no weights of a layer but one row for each position, token or offset.
_TABLE_NAME = re.compile(r"(?i)(embed|embeddings?|emb|token|table)s?$")


def query_for(inventory: Inventory, wanted: Bools, *candidates: str) -> str:
    """A query that fits exactly these parameters: the first candidate that does, else one that lists their modules.

    Raises `UserError` where the list would be too long for a rule.
    """
    for candidate in candidates:
        if np.array_equal(matching_parameters(inventory, candidate), wanted):
            return candidate
    paths = covering_paths(inventory, wanted)
    if len(paths) == 1 and np.array_equal(matching_parameters(inventory, _plain(paths[0])), wanted):
        return _plain(paths[0])
    found = listing(paths)
    if len(found) > LONGEST_QUERY:
        raise UserError(f"That is {len(paths):,} parts of the model, too many for one rule.")
    return found


def either(inventory: Inventory, one: str, other: str) -> str:
    """A query for what fits one of two queries; "" fits nothing here. The first stays as it is where it is enough."""
    if not one.strip() or not other:
        return one if one.strip() else other
    mine = matching_parameters(inventory, one)
    wanted = mine | matching_parameters(inventory, other)
    if np.array_equal(mine, wanted):
        return one
    joined = [f"{one}|{other}"] if _NAMES.fullmatch(one) and _NAMES.fullmatch(other) else []
    return query_for(inventory, wanted, *joined)


def listing(paths: list[str]) -> str:
    """A query for what lies in any of these modules, or is one of these parameters."""
    names = [re.escape(path).replace("/", r"\/") for path in paths]
    return f"/^{names[0]}(\\.|$)/" if len(names) == 1 else f"/^({'|'.join(names)})(\\.|$)/"


def _plain(path: str) -> str:
    """A path as a query by itself; one that would be read otherwise is left to `listing`."""
    return path if re.fullmatch(r"[\w.\-]+", path) else "!"


def covering_paths(inventory: Inventory, wanted: Bools) -> list[str]:
    """The outermost modules all of whose parameters are wanted, and the wanted parameters of other modules."""
    rows = rows_of(inventory)
    count, mine = np.zeros(len(rows) + 1, np.int64), np.zeros(len(rows) + 1, np.int64)
    count[rows.parameter_rows + 1] = 1
    mine[rows.parameter_rows + 1] = wanted[rows.firsts]
    held, taken = np.cumsum(count), np.cumsum(mine)
    starts = np.arange(len(rows))
    inside = held[rows.ends] - held[starts]
    full = (inside > 0) & (taken[rows.ends] - taken[starts] == inside)
    second = set(rows.parameter_rows[rows.firsts != np.arange(len(rows.firsts))].tolist())
    paths, row = [], 1
    while row < len(rows):
        if full[row]:
            if row not in second:
                paths.append(rows.paths[row])
            row = int(rows.ends[row])
        else:
            row += 1
    return paths


def inside(inventory: Inventory, paths: tuple[str, ...]) -> Bools:
    """For each parameter, whether one of its names is in one of these modules."""
    rows = rows_of(inventory)
    marked = np.zeros(len(rows), np.bool_)
    marked[[rows.ids[path] for path in paths]] = True
    return any_name(rows, rows.spread(marked)[rows.parameter_rows])


def heads_of(inventory: Inventory) -> tuple[str, ...]:
    """The modules that turn features into answers: by their usual names, else the last one with weights.

    () where there is none of its own: where it shares its weights with the embeddings, or the model is one module.
    """
    return _heads_of(Same(inventory))


@lru_cache(maxsize=4)
def _heads_of(same: Same[Inventory]) -> tuple[str, ...]:
    rows, own = rows_of(same.value), _own_weights(same.value)
    named = [row for row in range(1, len(rows)) if _is_named_head(rows, row)]
    several = [row for row in named if 0 < own[row] <= 0.5 * own[0]]
    if several:
        nearest = min(several, key=lambda row: (rows.depths[row], -row))
        return tuple(rows.paths[row] for row in several if rows.parents[row] == rows.parents[nearest])
    if any(own[row] == 0 and rows.numels[row] > 0 for row in named):  # it is the second name of the embeddings
        return ()
    last = _last_weight(same.value)
    outer = rows.paths[rows.parents[last]] if last is not None else ""
    return (outer,) if outer and own[rows.ids[outer]] < own[0] else ()


def _is_named_head(rows: Rows, row: int) -> bool:
    *around, name = rows.paths[row].split(".")
    usual = name in HEAD_NAMES or name.startswith("head_") or name.endswith("_head")
    return rows.parameters[row] is None and usual and len(around) < _MOST_DEPTH and not any(map(str.isdigit, around))


def _own_weights(inventory: Inventory) -> list[int]:
    """Below each row, the trainable tensors that are matrices or more, under their first names."""
    rows = rows_of(inventory)
    count = np.zeros(len(rows) + 1, np.int64)
    own = [info.trainable and info.tied_to is None and len(info.shape) > 1 for info in inventory.parameters]
    count[rows.parameter_rows + 1] = own
    sums = np.cumsum(count)
    found: list[int] = (sums[rows.ends] - sums[:-1]).tolist()
    return found


def _last_weight(inventory: Inventory) -> int | None:
    """The row of the weight that a forward pass comes to last; without an order the last one that is defined."""
    rows = rows_of(inventory)
    entered = {path: place for place, path in enumerate(inventory.order)}
    weights = [
        (entered.get(info.name.rpartition(".")[0], -1), place)
        for place, info in enumerate(inventory.parameters)
        if info.trainable and info.tied_to is None and len(info.shape) > 1
    ]
    return int(rows.parameter_rows[max(weights)[1]]) if weights else None


def head_query(inventory: Inventory) -> str:
    """A query for the head; "" without one."""
    heads = heads_of(inventory)
    return query_for(inventory, inside(inventory, heads)) if heads else ""


def embeddings(inventory: Inventory) -> Bools:
    """For each parameter, whether one of its names is in an Embedding; where types are unknown, names tell."""
    rows = rows_of(inventory)
    if has_types(inventory):
        return matching_parameters(inventory, EMBEDDING_TYPES)
    named = [
        row > 0 and rows.parameters[row] is None and bool(_EMBEDDING_NAME.search(rows.name(row)))
        for row in range(len(rows))
    ]
    weights = [rows.parameters[row] is not None and rows.name(row) == "weight" for row in range(len(rows))]
    outer = [weight and named[rows.parents[row]] for row, weight in enumerate(weights)]
    return any_name(rows, np.array(outer, dtype=np.bool_)[rows.parameter_rows])


def embedding_query(inventory: Inventory) -> str:
    """A query for the embeddings; "" without any."""
    found = embeddings(inventory)
    return query_for(inventory, found, EMBEDDING_TYPES) if found.any() else ""


def hidden_weights(inventory: Inventory, dimensions: int | None = 2) -> Bools:
    """For each parameter, whether it is a weight between embeddings and head, of so many dimensions or (None) 2 up."""
    infos, rows = inventory.parameters, rows_of(inventory)
    sizes = np.array([len(info.shape) for info in infos])
    found = sizes == dimensions if dimensions is not None else sizes > 1
    tables = np.array([bool(_TABLE_NAME.search(info.name.rpartition(".")[2])) for info in infos], dtype=np.bool_)
    left_out = embeddings(inventory) | inside(inventory, heads_of(inventory)) | any_name(rows, tables)
    result: Bools = found & ~left_out
    return result


def hidden_query(inventory: Inventory, dimensions: int | None = 2) -> str:
    """A query for `hidden_weights`: `ndim:2 !type=Embedding|EmbeddingBag !lm_head`."""
    wanted = hidden_weights(inventory, dimensions)
    words = ["ndim:2" if dimensions == 2 else "ndim>1"]
    left_out = (embedding_query(inventory), head_query(inventory))
    words += [f"!{query}" for query in left_out if query]
    where = " ".join(words)
    extra = matching_parameters(inventory, where) & ~wanted
    if not extra.any():
        return where
    # Tables that are parameters by themselves, and second names of tied embeddings.
    names = [inventory.parameters[place].name for place in np.flatnonzero(extra).tolist()]
    ends = dict.fromkeys(name.rpartition(".")[2] for name in names)
    short = f"{where} !{'|'.join(f'*{end}' for end in ends)}"
    if np.array_equal(matching_parameters(inventory, short), wanted):
        return short
    where = f"{where} !{listing(names)}"
    if len(where) > LONGEST_QUERY:
        raise UserError("Too many parts of the model are no hidden weights for one rule to say so.")
    return where
