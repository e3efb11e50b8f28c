"""Findings about the file that a design was read from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lrdesigner.faults import Fault
from lrdesigner.findings.finding import Finding


def file_findings(faults: Iterable[Fault]) -> Iterator[Finding]:
    """Values that could not be read; what is shown in their place is a default."""
    for fault in faults:
        yield Finding(
            code="file-fault",
            severity="error",
            where=fault.place,
            message=f"{fault.message} {fault.remedy}",
            group=fault.group,
        )
