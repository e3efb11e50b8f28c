"""Small formulas in Python's notation: parsed to a whitelist, computed with NumPy, written out as Python.

One formula is therefore the source of the plotted curve and of the exported code alike.

    >>> from lrdesigner.expressions import parse, evaluate, emit
    >>> formula = parse("0.5 ** (step // every)", names=("step", "every"))
    >>> evaluate(formula, {"step": [0, 9, 10], "every": 10})
    array([1. , 1. , 0.5])
    >>> emit(formula, {"every": 10})
    '0.5 ** (step // 10)'
"""

from lrdesigner.expressions.compiled import evaluate_trusted as evaluate_trusted
from lrdesigner.expressions.emit import emit as emit
from lrdesigner.expressions.evaluate import evaluate as evaluate
from lrdesigner.expressions.parse import ExpressionError as ExpressionError
from lrdesigner.expressions.parse import Formula as Formula
from lrdesigner.expressions.parse import parse as parse
