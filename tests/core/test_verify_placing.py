"""Verification sees the param groups of rules, layers, exemptions and optimizers that refuse, step for step."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from msgspec.structs import replace
from placing_cases import CASES
from recorder import Recorder
from strategies import ruled_designs

from lrdesigner.document import Design
from lrdesigner.export import export
from lrdesigner.export.freezing import freeze_steps
from lrdesigner.jobs.protocol import decode_report
from lrdesigner.proof import metrics_of
from lrdesigner.resuming import resumes
from lrdesigner.verification import Verdict, Verifier, report_taker

pytestmark = pytest.mark.torch


def verified(folder: Path, design: Design) -> Verdict:
    """What the verifier makes of the design's own file, on a model of its inventory."""
    from lrdesigner.child.verify_job import verify

    file, inventory = folder / "exported.py", folder / "inventory.json"
    file.write_text(export(design), encoding="utf-8")
    inventory.write_bytes(msgspec.json.encode(design.model.inventory))
    channel, verifier = Recorder(), Verifier(design)
    request = {
        "inventory": str(inventory),
        "exported_file": str(file),
        "steps": design.plan.total_steps,
        "metrics": metrics_of(design),
        "freeze_steps": freeze_steps(design),
        "resumes": resumes(design),
    }
    assert verify(request, channel)[0] == "finished"
    take = report_taker(verifier, lambda _: None)
    for kind, fields in channel.sent:
        take(decode_report(json.dumps({"kind": kind, **fields}).encode()))
    return verifier.verdict()


@pytest.mark.parametrize("name", CASES)
def test_every_case_is_verified_in_members_options_and_rates(tmp_path: Path, name: str) -> None:
    assert verified(tmp_path, CASES[name]).problems == ()


def test_a_model_that_was_read_from_a_file_is_verified_by_its_own_classes(tmp_path: Path) -> None:
    design = CASES["every_term"]
    design = replace(design, model=replace(design.model, source="/models/net.safetensors"))
    assert "__mro__" not in export(design)
    assert verified(tmp_path, design).problems == ()


@settings(max_examples=10, deadline=None)
@given(ruled_designs())
def test_any_design_is_verified(tmp_path_factory: pytest.TempPathFactory, design: Design) -> None:
    assert verified(tmp_path_factory.mktemp("random"), design).problems == ()
