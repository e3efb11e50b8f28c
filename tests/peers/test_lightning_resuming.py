"""Runs of Lightning that go on from a checkpoint, under its real Trainer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from export_cases import CASES, exportable_designs, small
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from lightning_runs import assert_same_weights, fit, net, saver
from msgspec.structs import replace
from target_runs import DESIGNS

from lrdesigner import edits
from lrdesigner.curves import values_at
from lrdesigner.demos import demo_design
from lrdesigner.document import Design, Plan
from lrdesigner.param_groups import param_groups
from lrdesigner.schedules import Cosine

pytest.importorskip("lightning")
# Lightning warns of few workers, of data that cannot go on in the middle, and of what it uses in torch.
pytestmark = [pytest.mark.peers, pytest.mark.torch, pytest.mark.filterwarnings("ignore")]

HEAD = 2


@settings(max_examples=8, deadline=None)
@given(exportable_designs(), st.data(), st.sampled_from([1, 2]))
def test_a_run_resumed_in_the_middle_is_the_same_run(
    tmp_path_factory: pytest.TempPathFactory, design: Design, data: st.DataObject, accumulation: int
) -> None:
    total = design.plan.total_steps
    assume(total > 1)
    at = data.draw(st.integers(1, total - 1))
    file = tmp_path_factory.mktemp("run") / "half.ckpt"
    straight, resumed = net(design), net(design)
    fit(straight, total, accumulation, callbacks=[saver(at, file)])
    resumed.found = straight.found[:at]
    fit(resumed, total, accumulation, ckpt_path=file, weights_only=True)
    assert resumed.found == straight.found
    assert resumed.designed_step() == straight.designed_step() == total
    assert_same_weights(resumed.model, straight.model)


@pytest.mark.parametrize("optimizer", ["AdamW", "SGD"])
@pytest.mark.parametrize("apply_edits", [False, True])
def test_after_an_edit_shapes_follow_the_file_and_numbers_if_asked(
    optimizer: str, apply_edits: bool, tmp_path: Path
) -> None:
    old = small(edits.set_optimizer(replace(demo_design(), plan=Plan(40, 1)), HEAD, optimizer))
    edited = edits.set_option(edits.set_base_lr(old, HEAD, 0.5), HEAD, "weight_decay", 0.25)
    edited = edits.set_schedule(edited, HEAD, Cosine())
    fit(net(old), 40, callbacks=[saver(30, tmp_path / "half.ckpt")])
    module = net(edited, apply_edits=apply_edits)
    module.found = [{}] * 30
    fit(module, 40, ckpt_path=tmp_path / "half.ckpt")
    (head,) = (part for parts in param_groups(edited) for part in parts if part.group.id == HEAD)
    factors = values_at(head, edited.plan, np.arange(31, 40))["lr"] / 0.5
    base = 0.5 if apply_edits else old.group(HEAD).lr.base
    rates = [row["head"]["lr"] for row in module.found[31:]]
    assert rates == pytest.approx((base * factors).tolist(), rel=1e-12)
    before = old.group(HEAD).options.weight_decay
    assert module.found[-1]["head"]["weight_decay"] == (0.25 if apply_edits else before)


def test_a_checkpoint_of_other_groups_is_refused(tmp_path: Path) -> None:
    design = small(replace(demo_design(), plan=Plan(10, 1)))
    fit(net(design), 10, callbacks=[saver(5, tmp_path / "half.ckpt")])
    renamed = edits.rename_group(design, HEAD, "tail")
    with pytest.raises(
        ValueError, match=r"the checkpoint has the groups \['backbone', 'head'\], not \['backbone', 'tail'\]"
    ):
        fit(net(renamed), 10, ckpt_path=tmp_path / "half.ckpt")
    moved = edits.assign(design, ["classifier.3"], HEAD)
    with pytest.raises(ValueError, match="the checkpoint has other parameters in 'backbone'"):
        fit(net(moved), 10, ckpt_path=tmp_path / "half.ckpt")


def test_weights_of_a_checkpoint_start_a_run_of_their_own(tmp_path: Path) -> None:
    design = small(replace(CASES["plateau"], plan=Plan(10, 1)))
    first, again = net(design), net(design)
    fit(first, 10, callbacks=[saver(5, tmp_path / "half.ckpt")])
    again = type(again).load_from_checkpoint(tmp_path / "half.ckpt")
    fit(again, 10)
    assert again.designed_step() == 10
    assert again.found == first.found


def test_a_scheduler_of_torchs_own_goes_on_too(tmp_path: Path) -> None:
    design = small(replace(DESIGNS["native"], plan=Plan(20, 1)))
    straight, resumed = net(design, native=True), net(design, native=True, apply_edits=True)
    fit(straight, 20, callbacks=[saver(8, tmp_path / "half.ckpt")])
    resumed.found = straight.found[:8]
    fit(resumed, 20, ckpt_path=tmp_path / "half.ckpt", weights_only=True)
    assert resumed.found == straight.found
    assert_same_weights(resumed.model, straight.model)


@pytest.mark.parametrize("name", ["greedy", "greedy_of_one", "two_plateaus"])
def test_what_follows_a_metric_goes_on_where_it_was(name: str, tmp_path: Path) -> None:
    pytest.importorskip("transformers.optimization")
    design = small(replace(CASES[name], plan=Plan(5, 10)))
    straight, resumed = net(design), net(design)
    fit(straight, 50, callbacks=[saver(25, tmp_path / "half.ckpt")])  # where an evaluation is due
    resumed.found = straight.found[:25]
    fit(resumed, 50, ckpt_path=tmp_path / "half.ckpt", weights_only=True)
    assert resumed.found == straight.found
    assert len({row["backbone"]["lr"] for row in straight.found}) > 1
