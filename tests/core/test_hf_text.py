"""The text of files for accelerate and the Trainer: laid out, typed and without what a design does not need."""

from __future__ import annotations

import ast

import pytest
from export_cases import CASES, demo_with

from lrdesigner import edits
from lrdesigner.demos import demo_design
from lrdesigner.document import Batches, Design, Plan
from lrdesigner.errors import UserError
from lrdesigner.export import ExportOptions, export

HEAD = 2
TARGETS = ("accelerate", "transformers")
ACCUMULATED = edits.set_plan(demo_design(), Plan(Batches(samples=70, batch_size=10, accumulation=3, drop_last=True), 2))
DESIGNS: dict[str, Design] = {
    "plain": demo_design(),
    "accumulated": ACCUMULATED,
    "two": edits.set_optimizer(demo_design(), HEAD, "SGD"),
    **{name: CASES[name] for name in ("thaw", "never_trains", "betas", "plateau", "plateau_of_one", "greedy_of_one")},
}


@pytest.mark.parametrize("target", TARGETS)
def test_nothing_of_freezing_or_metrics_where_there_is_none(target: str) -> None:
    text = export(demo_design(), ExportOptions(target))
    assert [word for word in ("freeze", "frozen", "METRIC", "ACCUMULATION", "hook", "unused_par") if word in text] == []


@pytest.mark.parametrize("target", TARGETS)
def test_a_snippet_has_no_main_and_imports_nothing_for_one(target: str) -> None:
    tree = ast.parse(export(CASES["thaw"], ExportOptions(target, "snippet")))
    imported = {
        name.name for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom) for name in node.names
    }
    for_main = {"tempfile", "TrainingArguments", "Trainer", "DistributedDataParallelKwargs"}
    assert "main" not in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert not imported & for_main


def test_the_trap_of_a_prepared_scheduler_is_told() -> None:
    words = " ".join(export(demo_design(), ExportOptions("accelerate")).split())
    assert "Do not prepare the scheduler: accelerate would step it once for each process" in words


@pytest.mark.parametrize(
    ("target", "design", "words"),
    [
        ("accelerate", edits.set_optimizer(demo_design(), HEAD, "LBFGS"), "LBFGS computes the loss anew"),
        ("transformers", DESIGNS["two"], "takes one optimizer, and the design has 2 (AdamW and SGD)"),
        ("transformers", CASES["two_plateaus"], "each AdamW, steered differently"),
        ("transformers", CASES["both_frozen_at_first"], "Every group is frozen at step 0, and the Trainer must train"),
        (
            "transformers",
            edits.set_optimizer(edits.set_optimizer(demo_with({}), HEAD, "LBFGS"), 1, "LBFGS"),
            "LBFGS",
        ),
    ],
)
def test_what_a_loop_cannot_take_is_refused_in_one_sentence(target: str, design: Design, words: str) -> None:
    with pytest.raises(UserError) as caught:
        export(design, ExportOptions(target))
    assert words in str(caught.value)
    assert str(caught.value).count(". ") == 0
