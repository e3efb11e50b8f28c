"""The text of files for Lightning: laid out and typed as people want it, where Lightning is installed and where not."""

from __future__ import annotations

import pytest
from export_cases import CASES

from lrdesigner import edits
from lrdesigner.demos import demo_design
from lrdesigner.document import Batches, Design, Plan
from lrdesigner.errors import UserError
from lrdesigner.export import ExportOptions, export

HEAD = 2
ACCUMULATED = Plan(Batches(samples=70, batch_size=10, accumulation=3), 2)


def lightning(design: Design, form: str = "snippet") -> str:
    return export(design, ExportOptions("lightning", form=form))  # type: ignore[arg-type]


def two_optimizers() -> Design:
    return edits.set_optimizer(demo_design(), HEAD, "SGD")


def test_a_file_speaks_of_nothing_that_the_design_does_not_need() -> None:
    text = lightning(demo_design())
    for word in ("apply_freeze", "monitor", "contextmanager", "def optimize(", "IterableDataset", "def main"):
        assert word not in text, word
    assert "def optimize(" in lightning(two_optimizers())
    assert "def on_save_checkpoint(" in lightning(CASES["two_plateaus"])


@pytest.mark.parametrize(("name", "wraps"), [("thaw", True), ("never_trains", False), ("weight_decay", None)])
def test_what_freezes_is_told_to_ddp_in_the_way_that_it_needs(name: str, wraps: bool | None) -> None:
    text = lightning(CASES[name])
    assert ("ddp_find_unused_parameters_true" in text) is (wraps is True)
    assert ("def configure_model(" in text) is (wraps is False)


def test_two_optimizers_of_which_one_wants_a_closure_are_refused() -> None:
    alone = edits.set_optimizer(edits.assign(demo_design(), [""], HEAD), HEAD, "LBFGS")
    assert "class DesignedOptimizers" in lightning(alone)
    with pytest.raises(UserError, match="manual optimization does not do; export plain PyTorch"):
        lightning(edits.set_optimizer(demo_design(), HEAD, "LBFGS"))
