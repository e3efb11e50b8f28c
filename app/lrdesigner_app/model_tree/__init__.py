"""The model as a tree: what it holds, whose it is, and the place from which modules are handed to groups."""

from lrdesigner_app.model_tree.panel import ModelTreePanel

__all__ = ["ModelTreePanel"]
