"""Findings about where torch's own class does something else than a shape promises."""

from __future__ import annotations

from collections.abc import Iterator

from lrdesigner.findings.finding import Finding
from lrdesigner.findings.moving import Grouped, each_place
from lrdesigner.schedules import shape_of


def torch_differs(design: Grouped) -> Iterator[Finding]:
    """What each shape says about torch's class of its name; the exported code does what is drawn."""
    for track, place in each_place(design):
        for sentence in shape_of(place.node).differs(place.node, place.span):
            yield track.finding("torch-differs", "info", sentence, place)


TORCH_CHECKS = (torch_differs,)
