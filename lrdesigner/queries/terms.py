"""What a query consists of. All its terms must hold."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Number = Literal["ndim", "size", "depth"]
Comparison = Literal[">", "<", ">=", "<=", "="]


@dataclass(frozen=True, slots=True)
class NameTerm:
    """Holds for a parameter or module one of whose names, its own or that of a module around it, fits `pattern`.

    `pattern` is a regular expression that is searched for in the dotted name. Names that fit hold one of `literals`,
    whatever the case, if there are any; if `plain`, there is one, and that is all there is to the pattern.
    """

    text: str
    pattern: re.Pattern[str]
    literals: tuple[str, ...] = ()
    plain: bool = False
    negated: bool = False


@dataclass(frozen=True, slots=True)
class TypeTerm:
    """Holds inside modules whose type, or a class that it derives from, fits `pattern`."""

    text: str
    pattern: re.Pattern[str]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class NumberTerm:
    """Holds for parameters whose number of dimensions, number of elements, or number of modules around fits."""

    text: str
    what: Number
    comparison: Comparison
    bound: float
    negated: bool = False


Term = NameTerm | TypeTerm | NumberTerm
Query = tuple[Term, ...]
