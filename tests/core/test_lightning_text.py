"""The text of files for Lightning: laid out and typed as people want it, where Lightning is installed and where not."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from export_cases import CASES

from lrdesigner import edits
from lrdesigner.demos import demo_design
from lrdesigner.document import Batches, Design, Plan
from lrdesigner.errors import UserError
from lrdesigner.export import FORMS, ExportOptions, export

HEAD = 2
ACCUMULATED = Plan(Batches(samples=70, batch_size=10, accumulation=3), 2)


def lightning(design: Design, form: str = "snippet") -> str:
    return export(design, ExportOptions("lightning", form=form))  # type: ignore[arg-type]


def two_optimizers() -> Design:
    return edits.set_optimizer(demo_design(), HEAD, "SGD")


CORPUS: dict[str, Callable[[], Design]] = {
    "demo": demo_design,
    "accumulated": lambda: edits.set_plan(demo_design(), ACCUMULATED),
    "two": two_optimizers,
    "two_accumulated": lambda: edits.set_plan(two_optimizers(), ACCUMULATED),
}
for _name, _case in CASES.items():
    CORPUS[f"case_{_name}"] = lambda case=_case: case  # type: ignore[misc]


def run(*command: str, cwd: Path) -> str:
    done = subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True, check=False, cwd=cwd)
    return "" if done.returncode == 0 else done.stdout + done.stderr


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lightning")
    for name, make in CORPUS.items():
        for form in FORMS:
            (folder / f"{name}_{form}.py").write_text(lightning(make(), form), encoding="utf-8")
    return folder


def test_files_pass_ruff_as_it_comes(corpus: Path) -> None:
    assert run("ruff", "check", "--isolated", ".", cwd=corpus) == ""
    assert run("ruff", "format", "--isolated", "--diff", ".", cwd=corpus) == ""


def test_files_pass_mypy_strict(corpus: Path, pytestconfig: pytest.Config) -> None:
    assert pytestconfig.cache is not None
    cache = pytestconfig.cache.mkdir("mypy-of-exports")  # torch's stubs take long, once
    assert run("mypy", "--strict", "--config-file=", f"--cache-dir={cache}", ".", cwd=corpus) == ""


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
