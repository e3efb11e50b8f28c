"""A channel without pipes, for jobs of the child's side that are run in the tests' own process."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lrdesigner.child.channel import Channel
from lrdesigner.jobs.protocol import AnyReport, decode_report


class Recorder(Channel):
    """Keeps what is sent, as it is and as the parent would decode it."""

    def __init__(self) -> None:
        super().__init__(0, 1)  # never read or written, but they must be open
        self.sent: list[tuple[str, Any]] = []

    def send(self, kind: str, fields: Mapping[str, Any]) -> None:
        self.sent.append((kind, fields))

    @property
    def reports(self) -> list[AnyReport]:
        return [decode_report(json.dumps({"kind": kind, **fields}).encode()) for kind, fields in self.sent]
