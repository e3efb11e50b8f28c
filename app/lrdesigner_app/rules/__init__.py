"""The rules: what they look for, what they take, and in which order."""

from lrdesigner_app.rules.panel import RulesPanel

__all__ = ["RulesPanel"]
