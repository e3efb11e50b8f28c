"""The exported code, live."""

from lrdesigner_app.code_view.panel import CodePanel as CodePanel
