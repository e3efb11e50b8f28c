"""What a forward pass takes is part of a design: kept in its file, used again, mended when it is odd."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from lrdesigner import model_edits
from lrdesigner.design_file import encode, load, load_with_faults
from lrdesigner.document import Design, Model
from lrdesigner.errors import UserError
from lrdesigner.jobs.protocol import InspectRequest
from lrdesigner.model_inputs import Inputs, ModelInput, described_inputs
from lrdesigner.models.opening import opening_request
from lrdesigner.models.source import parse_source

INPUTS: list[Inputs] = [[], [[1, 3, 8, 8]], {"ids": ["int64", [1, 16]], "scale": [4]}]


@pytest.mark.parametrize("inputs", INPUTS, ids=["none", "list", "object"])
def test_a_design_keeps_the_inputs_as_they_were_described(design: Design, tmp_path: Path, inputs: Inputs) -> None:
    design = replace(design, model=replace(design.model, inputs=inputs))
    (tmp_path / "d.lrd.json").write_bytes(encode(design))
    assert load(tmp_path / "d.lrd.json").model.inputs == inputs
    assert model_edits.reload_model(design, design.model.inventory).model.inputs == inputs


def test_opening_again_asks_for_the_same_inputs() -> None:
    request = opening_request(parse_source("demo:lenet"), {}, {"ids": ["int64", [1, 16]]})
    assert isinstance(request, InspectRequest)
    assert request.inputs == (ModelInput("int64", (1, 16), "ids"),)
    assert described_inputs([]) == ()


def test_odd_inputs_in_a_file_are_a_fault_and_replaced_by_none(design: Design, tmp_path: Path) -> None:
    raw = json.loads(encode(design))
    raw["design"]["model"]["inputs"] = [[1, "two"]]
    (tmp_path / "d.lrd.json").write_text(json.dumps(raw))
    opened = load_with_faults(tmp_path / "d.lrd.json")
    assert opened.design.model.inputs == []
    assert "is not the shape of an input" in opened.faults[0].message
    with pytest.raises(UserError, match="not the shape"):
        Model(inputs=[3])
