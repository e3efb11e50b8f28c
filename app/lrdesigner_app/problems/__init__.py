"""Findings, with their fixes."""

from lrdesigner_app.problems.panel import ProblemsPanel as ProblemsPanel
