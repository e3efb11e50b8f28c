"""Every optimizer, exported: built with exactly the designed options, stepped, verified, tried and resumed."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jobs_here import imports_undone
from msgspec.structs import replace
from optimizer_cases import LION, NET, OPTIMIZER_CASES
from recorder import Recorder
from strategies import run_export

from lrdesigner import edits
from lrdesigner.child.failures import JobError
from lrdesigner.demos import demo_design
from lrdesigner.document import Design, Freeze, Plan
from lrdesigner.errors import UserError
from lrdesigner.export import export
from lrdesigner.export.optimizer_code import OWN_NAMES
from lrdesigner.optimizers import CustomOptions, optimizer_of, torch_options
from lrdesigner.param_groups import param_groups
from lrdesigner.resuming import resumes
from lrdesigner.verification import Verdict, Verifier, report_taker

pytestmark = pytest.mark.torch

SPARSE = "SparseAdam"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The model's file, and beside it a package that is no part of torch.

    With one thread: two of them on busy cores wait for each other for most of the time.
    """
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    made = tmp_path_factory.mktemp("optimizers")
    (made / "net.py").write_text(NET)
    (made / "lion_of_mine.py").write_text(LION)
    for _ in imports_undone(made):
        sys.path.insert(0, str(made))
        yield made
    torch.set_num_threads(threads)


class Run:
    """The model trained through an exported file, with a closure as the file says."""

    def __init__(self, design: Design) -> None:
        import torch

        scope: dict[str, Any] = {"__name__": "exported"}
        exec(compile(export(design), "<exported>", "exec"), scope)
        net: dict[str, Any] = {}
        exec(compile(NET, "net.py", "exec"), net)
        torch.manual_seed(0)
        self.exported = scope
        self.model = net["Net"](**design.model.kwargs)
        several = "build_optimizers" in scope
        built = scope["build_optimizers" if several else "build_optimizer"](self.model)
        self.optimizers = built if several else (built,)
        made = scope["build_schedulers" if several else "build_scheduler"](built)
        self.schedulers = made if several else (made,)

    @property
    def groups(self) -> list[dict[str, Any]]:
        return [group for optimizer in self.optimizers for group in optimizer.param_groups]

    def closure(self) -> float:
        import torch

        for optimizer in self.optimizers:
            optimizer.zero_grad()
        numbers = torch.arange(7)
        loss = torch.nn.functional.cross_entropy(self.model(numbers), numbers % 3)
        loss.backward()
        return loss.item()

    def train(self, steps: int) -> list[float]:
        losses = []
        for _ in range(steps):
            losses.append(self.closure())
            for optimizer, scheduler in zip(self.optimizers, self.schedulers, strict=True):
                if type(optimizer).__name__ == "LBFGS":
                    optimizer.step(self.closure)
                else:
                    optimizer.step()
                scheduler.step()
        return losses


def written(design: Design, folder: Path) -> Path:
    """The exported file, under a name of its own: a process imports a file once."""
    file = folder / f"exported_{len(list(folder.iterdir()))}.py"
    file.write_text(export(design))
    return file


def verified(design: Design, folder: Path) -> Verdict:
    from lrdesigner.child.verify_job import verify

    file = written(design, folder)
    channel = Recorder()
    request = {"source": f"{folder / 'net.py'}:Net", "kwargs": design.model.kwargs, "exported_file": str(file)}
    state, _ = verify({**request, "steps": design.plan.total_steps, "resumes": resumes(design)}, channel)
    assert state == "finished"
    verifier = Verifier(design)
    take = report_taker(verifier, lambda _: None)
    for report in channel.reports:
        take(report)
    return verifier.verdict()


def tried(design: Design, folder: Path, steps: int = 4) -> list[float]:
    from lrdesigner.child.trial_job import trial

    file = written(design, folder)
    net = folder / "net.py"
    request = {"source": f"{net}:Net", "kwargs": design.model.kwargs, "exported_file": str(file)}
    options = {"data": f"{net}:batches", "device": "cpu", "seed": 1, "steps": steps}
    channel = Recorder()
    trial({**request, "total_steps": design.plan.total_steps, "options": options}, channel)
    return [report.loss for report in channel.reports if hasattr(report, "loss")]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("name", OPTIMIZER_CASES)
def test_the_file_builds_the_designed_optimizer_with_exactly_the_designed_options(name: str) -> None:
    import torch

    run = Run(OPTIMIZER_CASES[name])
    designed = [part.group for parts in param_groups(OPTIMIZER_CASES[name]) for part in parts]
    assert [group["name"] for group in run.groups] == [group.name for group in designed]
    for group, planned in zip(run.groups, designed, strict=True):
        wanted = torch_options(planned.options)
        known = group | {"mode": getattr(run.optimizers[-1], "mode", None)}
        assert {key: known[key] for key in wanted} == {**wanted, **_moved(group, wanted)}
        assert group["initial_lr"] == planned.lr.base
    for optimizer, parts in zip(run.optimizers, param_groups(OPTIMIZER_CASES[name]), strict=True):
        options = parts[0].group.options
        if isinstance(options, CustomOptions):
            assert type(optimizer).__name__ == options.class_name
        else:
            assert type(optimizer) is getattr(torch.optim, optimizer_of(options).name)


def _moved(group: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    """What a schedule has moved at step 0 already."""
    return {key: group[key] for key in ("momentum", "betas") if key in wanted and key in group}


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("name", OPTIMIZER_CASES)
def test_it_trains_and_a_resumed_run_is_the_same_run(name: str) -> None:
    import io

    import torch

    straight, first, second = (Run(OPTIMIZER_CASES[name]) for _ in range(3))
    losses = straight.train(6)
    assert first.train(3) == losses[:3]
    file = io.BytesIO()
    pairs = list(zip(first.optimizers, first.schedulers, strict=True))
    torch.save({"w": first.model.state_dict(), "s": [first.exported["save_state"](*pair) for pair in pairs]}, file)
    file.seek(0)
    saved = torch.load(file, weights_only=True)
    second.model.load_state_dict(saved["w"])
    for state, *pair in zip(saved["s"], second.optimizers, second.schedulers, strict=True):
        second.exported["load_state"](state, *pair)
    assert second.train(3) == losses[3:]
    for one, other in zip(straight.model.parameters(), second.model.parameters(), strict=True):
        assert torch.equal(one, other)
    assert losses[0] != losses[-1]


@pytest.mark.parametrize("name", OPTIMIZER_CASES)
def test_verification_passes(name: str, folder: Path) -> None:
    assert verified(OPTIMIZER_CASES[name], folder).problems == ()


@pytest.mark.parametrize("name", OPTIMIZER_CASES)
def test_a_trial_trains_as_a_plain_loop_does(name: str, folder: Path) -> None:
    losses = tried(OPTIMIZER_CASES[name], folder)
    assert len(losses) == 4
    assert len(set(losses)) == 4


def test_sparse_adam_on_dense_gradients_is_told_in_a_sentence(folder: Path) -> None:
    dense = replace(OPTIMIZER_CASES[SPARSE], model=replace(OPTIMIZER_CASES[SPARSE].model, kwargs={}))
    with pytest.raises(JobError, match=r"SparseAdam at step 0 met dense gradients, .* sparse=True"):
        tried(dense, folder)


def test_lbfgs_beside_another_optimizer_gets_the_loss_as_often_as_it_wants(folder: Path) -> None:
    import torch

    design = OPTIMIZER_CASES["LBFGS"]
    longer = edits.set_base_lr(edits.set_plan(design, Plan(epoch=20, epochs=1)), 2, 1.0)
    search = edits.set_option(longer, 2, "line_search_fn", "strong_wolfe")
    losses = tried(search, folder, 20)
    assert losses[-1] < 0.1 < losses[0]
    assert torch.is_grad_enabled()


def missing(path: str, folder: Path) -> str:
    one = OPTIMIZER_CASES["one_lion"]
    changed = edits.set_option(one, 2, "path", path)
    with pytest.raises(JobError) as caught:
        verified(changed, folder)
    return str(caught.value)


def test_a_package_or_class_that_is_not_there_is_told_in_a_sentence(folder: Path) -> None:
    told = missing("no_such_package.Lion", folder)
    assert "needs the package no_such_package, which this Python lacks" in told
    assert "has no attribute 'Lionn'" in missing("lion_of_mine.Lionn", folder)


def test_arguments_that_another_package_does_not_know_are_told(folder: Path) -> None:
    changed = edits.set_option(OPTIMIZER_CASES["one_lion"], 2, "options", {"modes": "tanh"})
    with pytest.raises(JobError, match="unexpected keyword argument 'modes'"):
        verified(changed, folder)
    two = edits.set_option(OPTIMIZER_CASES["two_lions"], 2, "options", {"betas": [0.9, 0.99], "wieght_decay": 0.1})
    with pytest.raises(JobError, match="unknown option"):
        verified(two, folder)


def test_switches_that_all_share_are_arguments_of_the_constructor() -> None:
    shared, part = export(OPTIMIZER_CASES["fused_everywhere"]), export(OPTIMIZER_CASES["fused_in_part"])
    assert shared.count("fused=True") == 1
    assert '"fused"' not in shared
    assert part.count('"fused": True') == 1
    assert "fused=True" not in part


def test_nothing_of_the_defaults_of_switches_is_written() -> None:
    for name in ("AdamW", "SGD", "Rprop"):
        assert not re.search("foreach|fused|capturable|differentiable|maximize", export(OPTIMIZER_CASES[name]))


def test_a_module_named_like_something_in_the_file_is_imported_under_another_name() -> None:
    text = export(edits.set_option(OPTIMIZER_CASES["one_lion"], 2, "path", "main.Lion"))
    assert "import main as main_module" in text
    assert "main_module.Lion(" in text


@pytest.mark.parametrize("name", ["muon_adamw_sgd", "two_lions", "LBFGS", "AdamW"])
def test_the_names_that_a_module_could_clash_with_are_known(name: str) -> None:
    for node in ast.parse(export(OPTIMIZER_CASES[name])).body:
        if isinstance(node, ast.FunctionDef) and not re.search("_factor$|_part$|^_", node.name):
            assert node.name in OWN_NAMES


def test_muon_on_what_is_no_matrix_is_not_exported() -> None:
    everything = edits.set_optimizer(OPTIMIZER_CASES["AdamW"], 1, "Muon")
    with pytest.raises(UserError, match=r"Muon takes matrices only, but 'everything' holds norm.weight"):
        export(everything)


@pytest.mark.parametrize("freeze", [(), (Freeze(),)])
def test_the_demos_file_trains_with_a_closure(freeze: tuple[Freeze, ...], capsys: pytest.CaptureFixture[str]) -> None:
    design = edits.set_optimizer(demo_design(), 2, "LBFGS")
    run_export(export(edits.set_freeze(design, 1, freeze)))["main"]()
    assert "step 4: loss " in capsys.readouterr().out
