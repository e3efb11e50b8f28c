"""Queries as conditions in plain Python, exactly as wide as they are for the model of the design."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from lrdesigner.document import Design
from lrdesigner.errors import UserError
from lrdesigner.export.python_text import identifier, quoted, raw
from lrdesigner.expressions.emit import number
from lrdesigner.inventory import Inventory
from lrdesigner.membership import ancestors
from lrdesigner.model_rows import Bools, Rows, rows_of
from lrdesigner.models.read_source import is_checkpoint_name
from lrdesigner.models.source import parse_source
from lrdesigner.queries.find import spread_names, types_that_fit
from lrdesigner.queries.parse import parse
from lrdesigner.queries.terms import NameTerm, NumberTerm, TypeTerm

LONGEST_LIST = 48
"""Characters of classes' names that a condition holds; more become a constant."""

_OPPOSITE = {">": "<=", "<": ">=", ">=": "<", "<=": ">", "=": "!=", "==": "!="}
_WILD = re.compile(r"[*?\[]")


@dataclass(slots=True)
class Conditions:
    """Writes conditions on `tensor`, `name` and `kinds`, the names of the classes around; notes what they take.

    `constants` are the sets of names that conditions are about, by the name of the constant. `own_classes` says that
    a module is known by its own class alone, since nothing is known of what that derives from.
    """

    inventory: Inventory
    own_classes: bool = False
    needs_regex: bool = False
    needs_paths: bool = False
    constants: dict[str, tuple[str, ...]] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    _rows: Rows = field(init=False)
    _plain: bool = field(init=False)
    _lower: bool = field(init=False)

    def __post_init__(self) -> None:
        self._rows = rows_of(self.inventory)
        text = "".join(self._rows.paths)
        self._plain = text.isascii() and text.isprintable()
        self._lower = text == text.lower()

    def query(self, text: str, about: str, *, as_bool: bool = False) -> list[str] | None:
        """Conditions that must all hold; None where they never do. `about` is what a constant is called after.

        With `as_bool` each of them is a bool, not only something that counts as one.
        """
        found = []
        for term in parse(text):
            condition = self._name_term(term, about, as_bool) if isinstance(term, NameTerm) else self._term(term, about)
            if condition is False:
                return None
            if condition is not True:
                found.append(condition)
        return found or ["True"]

    def kinds(self, wanted: set[str], about: str, of: str = "kinds") -> str:
        """The condition that one of these classes is among `of`: those of all modules around or, own, of the next."""
        names = tuple(sorted(wanted))
        for kind, bases in ((kind, self.inventory.bases.get(kind, ())) for kind in set(self._rows.types)):
            self.own_classes = self.own_classes or (kind not in wanted and not wanted.isdisjoint(bases))
        self.own_classes = self.own_classes or "Module" in wanted
        if len(names) == 1:
            return f"{quoted(names[0])} in {of}"
        listed = ", ".join(map(quoted, names))
        if len(listed) <= LONGEST_LIST:
            return f"any(kind in {of} for kind in ({listed}))"
        return f"not {of}.isdisjoint({self.constant(f'{about} classes', names)})"

    def constant(self, words: str, names: tuple[str, ...]) -> str:
        """A constant with these names; the same one for the same names."""
        for known, held in self.constants.items():
            if held == names:
                return known
        name = identifier(words[-40:], self.taken).upper()
        self.constants[name] = names
        return name

    def _term(self, term: TypeTerm | NumberTerm, about: str) -> str | bool:
        if isinstance(term, TypeTerm):
            wanted = types_that_fit(self.inventory, term)
            if not wanted:
                return term.negated
            condition = self.kinds(wanted, about)
            return _negated(condition) if term.negated else condition
        sign = "==" if term.comparison == "=" else term.comparison
        left = {"ndim": "tensor.ndim", "size": "tensor.numel()", "depth": self._depth()}[term.what]
        bound = number(int(term.bound) if term.bound == int(term.bound) else term.bound)
        return f"{left} {_OPPOSITE[sign] if term.negated else sign} {bound}"

    def _depth(self) -> str:
        """The number of modules around; components and modules are the same, unless names hold dots."""
        names, depths = [info.name for info in self.inventory.parameters], self._rows.depths[self._rows.parameter_rows]
        if any(name.count(".") + 1 != depth for name, depth in zip(names, depths.tolist(), strict=True)):
            raise UserError("A rule or exemption by depth cannot be exported where names of parameters hold dots.")
        return 'name.count(".") + 1'

    def _name_term(self, term: NameTerm, about: str, as_bool: bool) -> str:
        tests = [self._shortened(test, about) for test in self._tests(term)]
        own = [info.name for info in self.inventory.parameters]
        wanted = spread_names(self.inventory, term)[self._rows.parameter_rows]
        if self._agrees(term, [[name] for name in own], wanted):
            conditions = [condition("name") for condition in tests]
            if as_bool and tests[0].how == "search" and not term.negated:
                conditions = [f"bool({conditions[0]})"]
        elif self._agrees(term, [list(ancestors(name))[:-1] for name in own], wanted):
            self.needs_paths = True
            conditions = [f"any({condition('path')} for path in _paths(name))" for condition in tests]
        else:  # names that hold dots: not every piece of them is a module
            listed = tuple(name for name, found in zip(own, wanted.tolist(), strict=True) if found)
            conditions = [f"name in {self.constant(f'{about} names', listed)}"]
        found = " or ".join(conditions)
        if not term.negated:
            return f"({found})" if len(conditions) > 1 else found
        return _negated(found) if len(conditions) == 1 else f"not ({found})"

    def _shortened(self, test: _Test, about: str) -> _Test:
        """With a constant for texts that are too long for a line."""
        if test.how != "in" or len(test.texts) == 1 or sum(map(len, test.texts)) <= LONGEST_LIST:
            return test
        return replace(test, constant=self.constant(f"{about} parts", test.texts))

    def _agrees(self, term: NameTerm, paths: list[list[str]], wanted: Bools) -> bool:
        fits = _fits(term)
        return bool(np.array_equal([any(map(fits, some)) for some in paths], wanted))

    def _tests(self, term: NameTerm) -> list[_Test]:
        if term.plain:
            return [_Test("in", (term.literals[0],), self._lower)]
        body = term.text.removeprefix("!")
        regex = len(body) > 1 and body.startswith("/") and body.endswith("/")
        parts = [part.lower() for part in body.split("|") if part]
        simple = [_simple(part) for part in parts]
        if regex or not (self._plain and body.isascii()) or None in simple:
            self.needs_regex = True
            folded = not regex and not (self._lower and term.pattern.pattern == term.pattern.pattern.lower())
            # As the person wrote it: what keeps it from being slow is not worth reading.
            return [_Test("search", (body[1:-1] if regex else term.pattern.pattern,), not folded)]
        found = []
        for how in ("in", "ends"):
            texts = tuple(text for one in simple if one is not None and one[0] == how for text in (one[1],))
            if texts:
                found.append(_Test(how, texts, self._lower))
        return found


@dataclass(frozen=True, slots=True)
class _Test:
    """One way to look at a path; `exact` where upper and lower case need not be folded first."""

    how: str
    texts: tuple[str, ...]
    exact: bool
    constant: str = ""

    def __call__(self, path: str) -> str:
        if self.how == "search":
            flags = "" if self.exact else ", re.IGNORECASE"
            return f"re.search({raw(self.texts[0])}, {path}{flags})"
        path = path if self.exact else f"{path}.lower()"
        if self.how == "ends":
            texts = ", ".join(map(quoted, self.texts))
            return f"{path}.endswith({texts if len(self.texts) == 1 else f'({texts})'})"
        if len(self.texts) == 1:
            return f"{quoted(self.texts[0])} in {path}"
        texts = self.constant or f"({', '.join(map(quoted, self.texts))})"
        return f"any(part in {path} for part in {texts})"


def conditions_for(design: Design) -> Conditions:
    """A writer for a design's model. Of models that were read from files only the classes themselves are known."""
    inventory, source = design.model.inventory, design.model.source
    try:
        is_read = bool(source) and parse_source(source).is_read
    except UserError:  # it is not there now
        is_read = is_checkpoint_name(source) or is_checkpoint_name(source.rpartition(":")[0])
    return Conditions(inventory, own_classes=is_read)


def _simple(part: str) -> tuple[str, str] | None:
    """A part of a pattern as a text that a path holds ("in") or ends with ("ends"); None where that is not all."""
    inner = part.strip("*")
    if _WILD.search(inner) or not inner:
        return None
    if not _WILD.search(part) or (part.startswith("*") and part.endswith("*")):
        return "in", inner
    return ("ends", inner) if part.startswith("*") else None


def _fits(term: NameTerm) -> Callable[[str], object]:
    if term.plain:
        return lambda path: term.literals[0] in path.lower()
    return term.pattern.search


def _negated(condition: str) -> str:
    """The opposite, as people write it."""
    if condition.startswith("not "):
        return condition.removeprefix("not ")
    plain = re.fullmatch(r"((?:\"[^\"\\]*\"|'[^'\\]*')) in ([\w.()]+)", condition)
    if plain:
        return f"{plain[1]} not in {plain[2]}"
    return f"not {condition}"
