"""One small language for the filter of the tree, for rules, and for what a group exempts from weight decay.

>>> from lrdesigner.queries import parse
>>> [term.text for term in parse("*.bias|*.norm* type:LayerNorm ndim<2 !size>1M")]
['*.bias|*.norm*', 'type:LayerNorm', 'ndim<2', '!size>1M']
"""

from __future__ import annotations

from lrdesigner.queries.find import matching_parameters as matching_parameters
from lrdesigner.queries.find import matching_rows as matching_rows
from lrdesigner.queries.parse import EXAMPLES as EXAMPLES
from lrdesigner.queries.parse import parse as parse
from lrdesigner.queries.terms import NameTerm as NameTerm
from lrdesigner.queries.terms import NumberTerm as NumberTerm
from lrdesigner.queries.terms import Query as Query
from lrdesigner.queries.terms import Term as Term
from lrdesigner.queries.terms import TypeTerm as TypeTerm
