"""The exported file: stands alone, is laid out and typed as people want it, checks itself, and resumes exactly."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from strategies import NASTY_NAMES, Training, designs, run_export, torch_model
from text_corpora import PLAIN, deep_model, named, scheduled, sourced

from lrdesigner import edits
from lrdesigner.curves import values_at
from lrdesigner.demos import demo_design
from lrdesigner.document import Design, Model, new_design
from lrdesigner.errors import UserError
from lrdesigner.export import ExportOptions, export
from lrdesigner.inventory import Inventory, ModuleInfo, ParameterInfo
from lrdesigner.param_groups import param_groups
from lrdesigner.schedules import (
    Constant,
    Cosine,
    Expression,
)

HEAD = 2


@pytest.mark.parametrize("name", [*NASTY_NAMES, "\n", "'''", '"""\nimport os\n"""', '#"\r\n', "x" * 59 + "\\"])
def test_no_name_changes_the_code(name: str) -> None:
    def kinds(design: Design) -> list[str]:
        return [type(node).__name__ for node in ast.walk(ast.parse(export(design)))]

    demo = demo_design()
    inventory = demo.model.inventory
    typed = replace(inventory, modules=(ModuleInfo("", name), *inventory.modules[1:]))
    nasty = replace(named(name), model=replace(demo.model, inventory=typed))
    assert kinds(nasty) == kinds(demo)
    assert kinds(sourced("/m/net.py:Net", key=name)) == kinds(sourced("/m/net.py:Net", key="name"))


@pytest.mark.parametrize(
    "source", ["/m/net.py:Net(); import os", "/m/net.py:Net\nimport os", "/m/a;b.py:N", '/m/"""\n.py:N']
)
def test_a_source_that_is_code_is_not_written_as_code(source: str) -> None:
    tree = ast.parse(export(sourced(source)))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert imported == {"math", "torch"}
    assert "Build your model" in export(sourced(source))


@pytest.mark.parametrize(
    ("formula", "words"),
    [
        ("1 / (step - 40)", "negative at step 0"),
        ("1 / abs(step - 40)", "not a finite number at step 40"),
        ("1e308 * step", "not a finite number at step 2"),
        ("1 / (1 + step ** step ** step)", "not a finite number at step"),
        ("1 / (1 + (((step ** 100) ** 100) ** 100) ** 100)", "not a finite number at step"),
    ],
)
def test_a_rate_that_cannot_be_is_refused_with_its_group_and_step(formula: str, words: str) -> None:
    with pytest.raises(UserError) as caught:
        export(scheduled(Expression(formula)))
    assert "'head'" in str(caught.value)
    assert words in str(caught.value)


def test_what_cannot_be_exported_is_refused(plain_design: Design) -> None:
    with pytest.raises(UserError, match="nothing to train"):
        export(new_design(Model()))
    with pytest.raises(UserError, match="no export target 'jax'; known: torch"):
        export(plain_design, ExportOptions("jax"))


def run_alone(folder: Path) -> subprocess.CompletedProcess[str]:
    bare = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    command = [sys.executable, "exported.py"]
    return subprocess.run(command, cwd=folder, env=bare, capture_output=True, text=True, check=False)


@pytest.mark.torch
def test_the_demos_file_trains_alone_in_an_empty_folder(tmp_path: Path) -> None:
    (tmp_path / "exported.py").write_text(export(edits.set_optimizer(demo_design(), HEAD, "SGD")))
    done = run_alone(tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "  head: 850 parameters, base lr 0.004\n    classifier.5.weight\n" in done.stdout
    assert "step 4: loss " in done.stdout


@pytest.mark.torch
def test_a_file_for_a_users_model_runs_beside_it(tmp_path: Path) -> None:
    model = "from torch import nn\nclass Net(nn.Sequential):\n    def __init__(self, *, width):\n"
    (tmp_path / "net.py").write_text(model + "        super().__init__(nn.Linear(width, 2, bias=False))\n")
    inventory = Inventory(
        (ModuleInfo("", "Net"), ModuleInfo("0", "Linear")), (ParameterInfo("0.weight", (2, 3), "float32", 6, True),)
    )
    source = f"{tmp_path / 'net.py'}:Net"
    (tmp_path / "exported.py").write_text(export(new_design(Model(source, {"width": 3}, inventory))))
    done = run_alone(tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "everything at step 999: lr 0.001" in done.stdout


@pytest.mark.torch
def test_the_demos_file_runs_with_other_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    demo = demo_design()
    fewer = [
        replace(p, shape=(3, *p.shape[1:]), numel=p.numel * 3 // 10) if p.name.startswith("classifier.5.") else p
        for p in demo.model.inventory.parameters
    ]
    inventory = replace(demo.model.inventory, parameters=tuple(fewer))
    run_export(export(replace(demo, model=Model("demo:lenet", {"classes": 3}, inventory))))["main"]()
    assert "step 4: loss " in capsys.readouterr().out


@pytest.fixture
def exported() -> dict[str, Any]:
    return run_export(export(demo_design()))


def _rename(model: Any) -> None:
    import torch

    model.output = model.classifier[5]
    model.classifier[5] = torch.nn.Identity()


def _extend(model: Any) -> None:
    import torch

    model.extra = torch.nn.Linear(2, 2)


def _resize(model: Any) -> None:
    import torch

    model.features[0] = torch.nn.Conv2d(3, 7, 5)


@pytest.mark.torch
@pytest.mark.parametrize("change", [_rename, _extend, _resize, lambda model: model.classifier[3].requires_grad_(False)])
def test_a_model_that_has_changed_is_refused(exported: dict[str, Any], change: Callable[[Any], object]) -> None:
    model = exported["LeNet"]()
    exported["build_optimizer"](model)
    change(model)
    with pytest.raises(ValueError, match=r"group '(backbone|head)' has .* designed were .*: the model has changed"):
        exported["build_optimizer"](model)


@pytest.mark.torch
def test_a_misspelt_option_is_refused(exported: dict[str, Any]) -> None:
    exported["GROUPS"][1]["weight_decy"] = 0.1
    with pytest.raises(ValueError, match=r"group 'head': unknown option \{'weight_decy'\}"):
        exported["build_optimizer"](exported["LeNet"]())


@pytest.mark.torch
@pytest.mark.parametrize("value", [1.0001, float("nan")])
def test_a_function_that_no_longer_gives_the_designed_rates_is_refused(exported: dict[str, Any], value: float) -> None:
    original = exported["LR_FACTORS"]["head"]
    exported["LR_FACTORS"]["head"] = lambda step: original(step) * value
    with pytest.raises(ValueError, match=r"'head' has lr .* at step 0, not 0\.0004"):
        exported["build_scheduler"](exported["build_optimizer"](exported["LeNet"]()))


@pytest.mark.torch
@pytest.mark.parametrize("factor", [1e6 / 3, 1e-9 / 7], ids=["large", "small"])
def test_the_files_own_check_accepts_what_was_designed(factor: float) -> None:
    exported = run_export(export(scheduled(Constant(factor))))
    exported["build_scheduler"](exported["build_optimizer"](exported["LeNet"]()))


@pytest.mark.torch
@settings(max_examples=12, deadline=None)
@given(designs(), st.data())
def test_a_run_resumed_in_the_middle_is_the_same_run(design: Design, data: st.DataObject) -> None:
    import torch

    at = data.draw(st.integers(1, design.plan.total_steps))
    straight, first, second = Training(design), Training(design), Training(design)
    straight.train(at + 5)
    first.train(at)
    second.resume(first.checkpoint())
    second.train(5)
    assert second.rates == straight.rates[at:]
    for name, weights in second.model.state_dict().items():
        torch.testing.assert_close(weights, straight.model.state_dict()[name], rtol=0, atol=0, equal_nan=True)


@pytest.mark.torch
@pytest.mark.parametrize("apply_edits", [False, True])
def test_after_an_edit_shapes_follow_the_file_and_rates_and_options_if_asked(apply_edits: bool) -> None:
    old = demo_design()
    edited = edits.set_schedule(edits.set_base_lr(old, HEAD, 0.5), HEAD, Cosine())
    edited = edits.set_option(edited, HEAD, "weight_decay", 0.25)
    before, after = Training(old), Training(edited)
    before.train(30)
    after.resume(before.checkpoint(), apply_edits=apply_edits)
    after.train(5)
    (planned,) = (group for found in param_groups(edited) for group in found if group.name == "head")
    factor = values_at(planned, edited.plan, np.arange(30, 35))["lr"] / 0.5
    rates = [head for _, head in after.rates]
    assert rates[1:] == pytest.approx(((0.5 if apply_edits else 0.004) * factor[1:]).tolist(), rel=1e-12)
    assert rates[0] == pytest.approx(0.5 * factor[0] if apply_edits else before.rates[29][1], rel=1e-12)
    head = after.pairs[0][0].param_groups[1]
    assert (head["weight_decay"], head["initial_lr"]) == ((0.25, 0.5) if apply_edits else (0.01, 0.004))


@pytest.mark.torch
def test_a_checkpoint_of_other_groups_is_refused() -> None:
    saved = Training(demo_design()).checkpoint()
    with pytest.raises(ValueError, match="the checkpoint has name head, not tail"):
        Training(named("tail")).resume(saved)
    moved = edits.assign(demo_design(), ["classifier.3"], HEAD)
    with pytest.raises(ValueError, match="the checkpoint has param_names"):
        Training(moved).resume(saved)


@pytest.mark.torch
@pytest.mark.parametrize("name", ["demo", "two_optimizers"])
def test_a_design_builds_what_its_file_builds(name: str) -> None:
    design = PLAIN[name]()
    built, made = design.build(torch_model(design.model.inventory))
    assert isinstance(built, tuple) == (name == "two_optimizers")
    pairs = list(zip(built, made, strict=True)) if isinstance(built, tuple) else [(built, made)]
    found = [(type(o).__name__, g["name"], g["lr"]) for o, _ in pairs for g in o.param_groups]
    assert found == [(t, g["name"], g["lr"]) for t, g in _groups_of(Training(design))]
    with pytest.raises(ValueError, match="the model has changed"):
        design.build(torch_model(deep_model().model.inventory))


def _groups_of(training: Training) -> list[tuple[str, dict[str, Any]]]:
    return [(type(o).__name__, group) for o, _ in training.pairs for group in o.param_groups]
