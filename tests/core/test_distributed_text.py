"""Files for several processes are laid out and typed as people want it; what these cannot train is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from export_cases import CASES, demo_with, steps
from msgspec.structs import replace
from optimizer_cases import OPTIMIZER_CASES
from placing_cases import CASES as PLACING_CASES
from text_checks import unlike_ruff, untyped

from lrdesigner import edits
from lrdesigner.demos import demo_design
from lrdesigner.document import Batches, Design, Freeze, Model, Plan, new_design
from lrdesigner.errors import UserError
from lrdesigner.export import ExportOptions, export
from lrdesigner.export.sharding import block_lists
from lrdesigner.inventory import BufferInfo, Inventory, ModuleInfo, ParameterInfo
from lrdesigner.optimizers import SGDOptions

ACCUMULATED = Plan(Batches(samples=1000, batch_size=16, accumulation=4, devices=3, drop_last=True), 2)


def with_statistics() -> Design:
    demo = demo_design()
    buffers = (BufferInfo("features.1.running_mean", (6,), "float32"),)
    model = replace(demo.model, inventory=replace(demo.model.inventory, buffers=buffers))
    return edits.set_plan(replace(demo, model=model), ACCUMULATED)


CORPUS = {
    "demo": demo_design(),
    "two": edits.set_optimizer(CASES["both_frozen_at_first"], 2, "SGD"),
    "never": CASES["never_trains"],
    "betas": CASES["betas"],
    "plateau": CASES["greedy_and_plateau"],
    "statistics": with_statistics(),
    "everything": edits.set_plan(PLACING_CASES["everything"], ACCUMULATED),
    "by_size": PLACING_CASES["by_size"],
    "mixed": demo_with({"freeze": (Freeze(),)}, {"freeze": (Freeze(steps(0), steps(2)),)}),
    "lbfgs": edits.set_optimizer(demo_design(), 2, "LBFGS"),
    "sparse": OPTIMIZER_CASES["SparseAdam"],
}
REFUSED_BY_FSDP = ("lbfgs", "sparse")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exports")
    for name, design in CORPUS.items():
        for target in ("ddp", "fsdp") if name not in REFUSED_BY_FSDP else ("ddp",):
            for form, data in (("script", "my_data.py:make"), ("script", ""), ("snippet", "")):
                text = export(design, ExportOptions(target, form, data))  # type: ignore[arg-type]
                (folder / f"{target}_{name}_{form}{'_data' if data else ''}.py").write_text(text)
    return folder


def test_the_files_are_laid_out_and_typed_as_ruff_and_mypy_want_them(corpus: Path, pytestconfig: pytest.Config) -> None:
    assert unlike_ruff(corpus) == ""
    assert untyped(corpus, pytestconfig) == ""


@pytest.mark.torch
@pytest.mark.parametrize("target", ["ddp", "fsdp"])
def test_a_snippet_has_the_functions_without_a_script(target: str) -> None:
    scope: dict[str, Any] = {"__name__": "exported"}
    exec(compile(export(CORPUS["two"], ExportOptions(target, "snippet")), "<exported>", "exec"), scope)
    wrapping = "wrap" if target == "ddp" else "shard"
    for name in (wrapping, "mean_over_processes", "save_checkpoint", "load_checkpoint", "scaled_step", "apply_freeze"):
        assert callable(scope[name])
    assert not {"main", "train", "start_processes", "batches", "os"} & scope.keys()


@pytest.mark.parametrize(("name", "words"), [("demo", False), ("never", False), ("two", True), ("mixed", True)])
def test_unused_parameters_are_looked_for_only_where_something_thaws(name: str, words: bool) -> None:
    assert ("find_unused_parameters=True" in export(CORPUS[name], ExportOptions("ddp"))) is words
    assert ("reshard_after_forward=True" in export(CORPUS[name], ExportOptions("fsdp"))) is words


def test_buffers_are_shared_only_where_there_are_statistics() -> None:
    assert "share_buffers(model)" in export(CORPUS["statistics"], ExportOptions("fsdp"))
    assert "share_buffers" not in export(CORPUS["demo"], ExportOptions("fsdp"))


def test_sparse_gradients_go_over_gloo() -> None:
    text = export(CORPUS["sparse"], ExportOptions("ddp", data="my_data.py:make"))
    assert 'backend = "gloo"  #' in text
    assert "nccl" not in text.replace("# nccl", "")


@pytest.mark.parametrize("name", ["Adafactor", "LBFGS", "Rprop", "SparseAdam"])
def test_an_optimizer_that_cannot_step_split_parameters_is_refused(name: str) -> None:
    with pytest.raises(UserError, match=f"{name} cannot step the split parameters of FSDP2; put 'second' on another"):
        export(OPTIMIZER_CASES[name], ExportOptions("fsdp"))
    assert export(OPTIMIZER_CASES[name], ExportOptions("ddp"))


@pytest.mark.parametrize(("fused", "foreach"), [(True, None), (None, True)])
def test_sgd_is_refused_only_where_it_is_fused(fused: bool | None, foreach: bool | None) -> None:
    design = demo_with({"options": SGDOptions(fused=fused, foreach=foreach)})
    if not fused:
        assert export(design, ExportOptions("fsdp"))
        return
    with pytest.raises(UserError, match=r"A fused SGD cannot step .*; switch fused off for 'backbone'"):
        export(design, ExportOptions("fsdp"))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"shape": (), "numel": 1}, "cannot split b.weight, which has no dimension"),
        ({"dtype": "float64"}, "of one type"),
    ],
)
def test_parameters_that_cannot_be_split_are_refused(change: dict[str, Any], words: str) -> None:
    plain = ParameterInfo("a.weight", (2,), "float32", 2, True)
    other = replace(plain, name="b.weight", **change)
    modules = (ModuleInfo("", "Net"), ModuleInfo("a", "Norm"), ModuleInfo("b", "Norm"))
    design = new_design(Model("net.py:Net", {}, Inventory(modules, (plain, other))))
    with pytest.raises(UserError, match=f"{words}.*choose the target ddp"):
        export(design, ExportOptions("fsdp"))
    assert export(design, ExportOptions("ddp"))


def blocks(*names: str, kind: str = "ModuleList", types: tuple[str, ...] = ()) -> Inventory:
    """A model with a list of blocks that hold a layer each."""
    kinds = types or ("Block",) * len(names)
    modules = [ModuleInfo("", "Net"), ModuleInfo("body", "Body"), ModuleInfo("body.list", kind)]
    for name, block in zip(names, kinds, strict=True):
        modules += [ModuleInfo(f"body.list.{name}", block), ModuleInfo(f"body.list.{name}.mix", "Linear")]
    made = tuple(ParameterInfo(f"{m.path}.weight", (2, 2), "float32", 4, True) for m in modules if m.type == "Linear")
    return Inventory((*modules, ModuleInfo("head", "Linear")), made)


def test_blocks_of_one_class_are_split_one_by_one() -> None:
    assert block_lists(blocks("0", "1", "2")) == ("body.list",)
    assert block_lists(blocks("0", "1", kind="Sequential")) == ("body.list",)
    assert block_lists(blocks("0")) == ()
    assert block_lists(blocks("0", "1", kind="ModuleDict")) == ()
    assert block_lists(blocks("0", "1", types=("Block", "Other"))) == ()


def test_a_list_within_a_block_is_split_with_it() -> None:
    inner = blocks("0", "1")
    nested = tuple(
        ModuleInfo(f"body.list.0.layers{end}", kind)
        for end, kind in (("", "ModuleList"), (".0", "B"), (".0.x", "X"), (".1", "B"), (".1.x", "X"))
    )
    assert block_lists(replace(inner, modules=(*inner.modules, *nested))) == ("body.list",)


def test_blocks_that_share_a_tensor_are_not_split_apart() -> None:
    apart = blocks("0", "1")
    first, second = apart.parameters
    assert block_lists(replace(apart, parameters=(first, replace(second, tied_to=first.name)))) == ()
    within = replace(first, name="body.list.0.mix.again", tied_to=first.name)
    assert block_lists(replace(apart, parameters=(first, within, second))) == ("body.list",)
