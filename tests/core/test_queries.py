"""Queries: each kind of term, what is refused, and fast paths that find what plain search finds."""

from __future__ import annotations

import fnmatch
import operator
import re

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from placing_cases import inventory_of, transformer
from strategies import inventories, queries

from lrdesigner.errors import UserError
from lrdesigner.inventory import Inventory
from lrdesigner.membership import ancestors
from lrdesigner.model_rows import rows_of
from lrdesigner.queries import matching_parameters, matching_rows, parse
from lrdesigner.queries.runaway import one_way, tamed
from lrdesigner.queries.terms import NameTerm, NumberTerm, TypeTerm

NAMES = (
    "blocks.0.attn.weight",
    "blocks.0.norm1.bias",
    "blocks.11.mlp.fc1.weight",
    "head.weight",
    "Größe.bias",
    "STRASSE.w",
)


def found(query: str, *names: str, typed: bool = True) -> set[str]:
    inventory = inventory_of(
        {name: (2, 2) if name.endswith("weight") else (3,) for name in names or NAMES}, typed=typed
    )
    fits = matching_parameters(inventory, query)
    return {info.name for info, fit in zip(inventory.parameters, fits, strict=True) if fit}


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("head", {"head.weight"}),
        ("HEAD", {"head.weight"}),
        ("größe", {"Größe.bias"}),
        ("*.bias", {"blocks.0.norm1.bias", "Größe.bias"}),
        ("norm?.*", {"blocks.0.norm1.bias"}),
        ("blocks.[1-9]*", {"blocks.11.mlp.fc1.weight"}),
        ("blocks.[!1]*", {"blocks.0.attn.weight", "blocks.0.norm1.bias"}),
        ("attn|fc1", {"blocks.0.attn.weight", "blocks.11.mlp.fc1.weight"}),
        ("/^blocks\\.\\d\\./", {"blocks.0.attn.weight", "blocks.0.norm1.bias"}),
        ("/(?i)strasse/", {"STRASSE.w"}),
        ("strasse", {"STRASSE.w"}),
        ("type:linear", {"head.weight", "blocks.11.mlp.fc1.weight"}),
        ("type=linear", set()),
        ("type=LayerNorm", {"blocks.0.norm1.bias"}),
        ("type:*norm|embedding", {"blocks.0.norm1.bias"}),
        ("type:scaled", {"head.weight", "blocks.11.mlp.fc1.weight"}),
        ("ndim:2 !blocks", {"head.weight"}),
        ("!ndim:2 !size<3", {"blocks.0.norm1.bias", "Größe.bias", "STRASSE.w"}),
        ("depth:2", {"head.weight", "Größe.bias", "STRASSE.w"}),
        ("size>0.003k", {"blocks.0.attn.weight", "blocks.11.mlp.fc1.weight", "head.weight"}),
        ("blocks, *.weight", {"blocks.0.attn.weight", "blocks.11.mlp.fc1.weight"}),
        ("", set(NAMES)),
    ],
)
def test_each_kind_of_term(query: str, names: set[str]) -> None:
    assert found(query) == names


def test_without_types_no_term_on_types_fits_and_each_negated_one_does() -> None:
    assert found("type:linear", typed=False) == set()
    assert found("!type:linear", typed=False) == set(NAMES)


def test_a_tensor_fits_under_any_of_its_names() -> None:
    inventory = transformer(tied=True)
    fits = matching_parameters(inventory, "type:embedding")
    names = {info.name for info, fit in zip(inventory.parameters, fits, strict=True) if fit}
    assert names == {"embed.weight", "head.weight"}


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("ndim:x", "wants a number"),
        ("color:red", "is no filter"),
        ("!", "is no filter"),
        ("type:", "names nothing"),
        ("*.bias|type:Norm", "'type:Norm' cannot be in it"),
        ("type:Norm|type:Embedding", "as in type:Norm.Embedding"),
        ("head|ndim:1", "'ndim:1' cannot be in it"),
        ("/(/", "is no regular expression"),
        ("x" * 2001, "at most 2000 characters"),
    ],
)
def test_what_cannot_be_read_is_told_in_a_sentence(query: str, words: str) -> None:
    with pytest.raises(UserError, match=words):
        parse(query)


RUNAWAYS = (
    "(a|aa)+b", "(a|a)*b", "(.*)*", "(a+)+b", "(.|a)*b", "(a*b?)*c", "(x+x+)+y", "([a-z]+)*$", "(?:a|b|ab)*c",
    "(a)\\1+", "(?P<x>a+)(?P=x)*b", "((a{1,30}){1,30}){1,30}b", "(a?){40}a{40}", "a?" * 28 + "a" * 28,
    "a*a*a*a*b", "(?>a+)+b", "(?:a|aa|aaa){20}b", "(?=(a+)+b)a", "(?<!(a|ab)(c|cd))(a*)*", "(a{0,60}){9}b",
    "(?(1)a|b)*", "((((a*)*)*)*)*",
)  # fmt: skip


@pytest.mark.parametrize("pattern", RUNAWAYS)
def test_expressions_that_could_take_for_ever_are_refused(pattern: str) -> None:
    for query in (f"/{pattern}/", f"type:/{pattern}/"):
        with pytest.raises(UserError, match=r"take for ever|no regular expression"):
            parse(query)


@pytest.mark.parametrize(
    "query",
    [
        "*" + "a*" * 300 + "b",
        "/" + ".*".join("a" * 300) + ".*b/",
        "/.*a.*a.*a.*b.*/",
        "type:" + "*a" * 300 + "b",
        "a" + "?" * 500 + "*a*a*a*b",
        "/^a*[^c]$/",
        "/(a{3}){9}.*b/",
    ],
)
def test_what_is_read_is_soon_done_on_names_that_almost_fit(query: str) -> None:
    """It would not end at all, if it went through all ways to fit."""
    (term,) = parse(query)
    assert isinstance(term, NameTerm | TypeTerm)
    assert term.pattern.search("a" * 2000 + "c") is None


@pytest.mark.parametrize(
    "pattern",
    ["blocks\\.[0-5]\\.", "layer_\\d+\\.", "(q|k|v)_proj", "^.*norm.*$", "enc.*attn.*weight", "(?i)LN_?\\d*$"],
)
def test_ordinary_expressions_are_welcome(pattern: str) -> None:
    assert tamed(pattern) is not None


PIECES = st.sampled_from(["a", "b", "[ab]", "ab", ".", "\\.", "a$", "^b", "(?:a|b)", "a{2}", "[^a]", "[.*]", "", "b?"])


@settings(max_examples=100, deadline=None)
@given(st.lists(PIECES, min_size=1, max_size=5), st.lists(st.text("ab.*", max_size=9), min_size=1, max_size=8))
def test_a_tamed_expression_finds_what_the_expression_finds(pieces: list[str], texts: list[str]) -> None:
    pattern = ".*".join(pieces)
    safe = tamed(pattern)
    if safe is not None:
        for text in texts:
            assert bool(re.search(safe, text)) == bool(re.search(pattern, text)), (pattern, safe, text)


@settings(max_examples=100, deadline=None)
@given(st.text("ab?*[]!.", min_size=1, max_size=8), st.lists(st.text("ab.[]", max_size=8), min_size=1, max_size=8))
def test_a_pattern_fits_the_last_components_as_fnmatch_says(pattern: str, texts: list[str]) -> None:
    if not re.search(r"[*?]", pattern) or re.search(r"[\[\]!]", pattern):
        return
    (term,) = parse(pattern)
    assert isinstance(term, NameTerm)
    for text in texts:
        parts = text.split(".")
        ends = [".".join(parts[place:]) for place in range(len(parts))]
        wanted = any(fnmatch.fnmatchcase(end, pattern) for end in ends)
        star = pattern.startswith("*") and fnmatch.fnmatchcase(text, pattern)
        assert bool(term.pattern.search(text)) == (wanted or star), (pattern, text, term.pattern)


def test_a_bracket_is_no_place_to_part_an_expression() -> None:
    assert one_way("a[.*]b.*c[.*].*d") == "a[.*]b(?>.*?c[.*])(?>.*?d)"


SIGNS = {">": operator.gt, "<": operator.lt, ">=": operator.ge, "<=": operator.le, "=": operator.eq}


def naive(inventory: Inventory, query: str) -> list[bool]:
    """A query by its words: no tables, no shortcuts; under any name of a tensor."""
    rows = rows_of(inventory)
    kinds = dict(zip(rows.paths, rows.types, strict=True))
    fits: dict[str, bool] = {}
    for info, row in zip(inventory.parameters, rows.parameter_rows.tolist(), strict=True):
        around = list(ancestors(info.name))
        holds = []
        for term in parse(query):
            if isinstance(term, NameTerm):
                hold = any(
                    term.literals[0] in path.lower() if term.plain else term.pattern.search(path)
                    for path in around[:-1]
                )
            elif isinstance(term, TypeTerm):
                known = [kinds[path] for path in around[1:] if kinds.get(path)]
                hold = any(term.pattern.search(k) for kind in known for k in (kind, *inventory.bases.get(kind, ())))
            else:
                assert isinstance(term, NumberTerm)
                value = {"ndim": len(info.shape), "size": info.numel, "depth": len(rows.around(row))}[term.what]
                hold = SIGNS[term.comparison](value, term.bound)
            holds.append(bool(hold) != term.negated)
        first = info.tied_to or info.name
        fits[first] = fits.get(first, False) or all(holds)
    return [fits[info.tied_to or info.name] for info in inventory.parameters]


@settings(max_examples=50, deadline=None)
@given(inventories(), queries())
def test_fast_paths_find_what_plain_search_finds(inventory: Inventory, query: str) -> None:
    assert matching_parameters(inventory, query).tolist() == naive(inventory, query)


@pytest.mark.parametrize("query", ["s", "S|x", "*s*", "k*", "İ", "/s/", "größe.*", "*.w"])
def test_case_beyond_ascii_is_the_same_for_few_names_and_many(query: str) -> None:
    names = ["\u017ftart.w", "Kelvin\u212a.w", "İ.w", "Größe.w", "x.s.w", *(f"block{n}.w" for n in range(40))]
    inventory = inventory_of(dict.fromkeys(names, (2,)))
    assert matching_parameters(inventory, query).tolist() == naive(inventory, query)


ATOMS = st.sampled_from(
    ["a", "b", "ab", "\\.", "\\.?", ".", "a?", "b*", "a+", "\\x61", "[ab]", "(a|b)", "(?:ab)?", "\\d", "\\\\", "^", "$"]
)


@settings(max_examples=100, deadline=None)
@given(st.lists(ATOMS, min_size=1, max_size=4).map("".join), st.lists(st.text("ab.1", max_size=5), max_size=4))
@example(pattern="a\\.?b", names=["ab"])
@example(pattern="\\x61b", names=["ab"])
def test_an_expression_finds_what_it_fits_among_few_and_among_many(pattern: str, names: list[str]) -> None:
    """Among many, names without the text that it must hold are passed over."""
    shapes = {f"x{number}.{name}w".replace("..", "."): (2,) for number, name in enumerate(names)}
    inventory = inventory_of(shapes | {f"z.y{number}": (2,) for number in range(40)})
    query = f"/{pattern}/"
    try:
        parse(query)
    except UserError:
        return
    assert matching_parameters(inventory, query).tolist() == naive(inventory, query)


def test_brackets_with_a_bracket_in_them_are_no_text_that_names_must_hold() -> None:
    assert found("[]a]b.weight", "ab.weight", *(f"z{number}.weight" for number in range(40))) == {"ab.weight"}


def test_terms_on_numbers_hold_for_no_module() -> None:
    inventory = transformer(1)
    for query in ("ndim:2", "!ndim:2"):
        rows = np.flatnonzero(matching_rows(inventory, parse(query))).tolist()
        assert all(rows_of(inventory).parameters[row] is not None for row in rows)
