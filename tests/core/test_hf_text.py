"""The text of files for accelerate and the Trainer: laid out, typed and without what a design does not need."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from export_cases import CASES, demo_with, exportable_designs
from hypothesis import given, settings

from lrdesigner import edits
from lrdesigner.demos import demo_design
from lrdesigner.document import Batches, Design, Plan
from lrdesigner.errors import UserError
from lrdesigner.export import FORMS, ExportOptions, export

HEAD = 2
TARGETS = ("accelerate", "transformers")
ACCUMULATED = edits.set_plan(demo_design(), Plan(Batches(samples=70, batch_size=10, accumulation=3, drop_last=True), 2))
DESIGNS: dict[str, Design] = {
    "plain": demo_design(),
    "accumulated": ACCUMULATED,
    "two": edits.set_optimizer(demo_design(), HEAD, "SGD"),
    **{name: CASES[name] for name in ("thaw", "never_trains", "betas", "plateau", "plateau_of_one", "greedy_of_one")},
}


def run(*command: str, cwd: Path) -> str:
    done = subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True, check=False, cwd=cwd)
    return "" if done.returncode == 0 else done.stdout + done.stderr


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exports")
    for name, design in DESIGNS.items():
        for target in TARGETS:
            for form in FORMS:
                try:
                    text = export(design, ExportOptions(target, form))
                except UserError as error:
                    assert "The Trainer takes one optimizer" in str(error)  # noqa: PT017
                    continue
                (folder / f"{name}_{target}_{form}.py").write_text(text, encoding="utf-8")
    assert len(list(folder.iterdir())) == 2 * (2 * len(DESIGNS) - 3)
    return folder


def test_files_pass_ruff_and_mypy_as_they_come(corpus: Path, pytestconfig: pytest.Config) -> None:
    assert run("ruff", "check", "--isolated", ".", cwd=corpus) == ""
    assert run("ruff", "format", "--isolated", "--diff", ".", cwd=corpus) == ""
    assert pytestconfig.cache is not None
    cache = pytestconfig.cache.mkdir("mypy-of-exports")  # torch's stubs take long, once
    assert run("mypy", "--strict", "--config-file=", f"--cache-dir={cache}", ".", cwd=corpus) == ""


@settings(max_examples=15, deadline=None)
@given(exportable_designs())
def test_any_design_is_laid_out_as_ruff_does(tmp_path_factory: pytest.TempPathFactory, design: Design) -> None:
    folder = tmp_path_factory.mktemp("random")
    (folder / "accelerated.py").write_text(export(design, ExportOptions("accelerate")), encoding="utf-8")
    assert run("ruff", "format", "--isolated", "--diff", ".", cwd=folder) == ""


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
