"""The groups as cards: what each holds, and where modules are dropped."""

from lrdesigner_app.groups.panel import GroupsPanel

__all__ = ["GroupsPanel"]
