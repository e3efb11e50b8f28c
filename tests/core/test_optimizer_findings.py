"""Findings about optimizers: there when something is wrong, gone after the fix."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from lrdesigner import edits
from lrdesigner.document import Design, LayerDecay, Model, new_design
from lrdesigner.errors import UserError
from lrdesigner.export import export
from lrdesigner.findings import Finding, check
from lrdesigner.inventory import Inventory, ModuleInfo, ParameterInfo
from lrdesigner.optimizers import AdamWOptions, AnyOptions, CustomOptions, MuonOptions, SGDOptions
from lrdesigner.param_groups import param_groups

EVERYTHING, BACKBONE = 1, 2


def _tensor(name: str, *shape: int) -> ParameterInfo:
    numel = 1
    for size in shape:
        numel *= size
    return ParameterInfo(name, shape, "float32", numel, trainable=True)


TRANSFORMER = Inventory(
    modules=(
        ModuleInfo("", "Net"),
        ModuleInfo("head", "Linear"),
        ModuleInfo("tokens", "Embedding"),
        ModuleInfo("block", "Linear"),
    ),
    parameters=(
        _tensor("head.weight", 5, 4),
        _tensor("tokens.weight", 9, 4),
        _tensor("block.weight", 4, 4),
        _tensor("block.bias", 4),
    ),
    order=("", "tokens", "block", "head"),
)


@pytest.fixture
def transformer() -> Design:
    return new_design(Model("net.py:Net", {}, TRANSFORMER))


def on(design: Design, group: int, options: AnyOptions) -> Design:
    groups = tuple(replace(old, options=options) if old.id == group else old for old in design.groups)
    return replace(design, groups=groups)


def muon_beside_adamw(design: Design) -> Design:
    return on(edits.add_group(design, "hidden", [""]), 2, MuonOptions())


def named(design: Design, code: str) -> list[Finding]:
    return [finding for finding in check(design) if finding.code == code]


def repaired(design: Design, code: str) -> Design:
    (finding,) = named(design, code)
    assert finding.fix is not None
    fixed = finding.fix.edit(design)
    assert not named(fixed, code)
    return fixed


def test_a_remainder_on_muon_is_told_what_it_cannot_train(transformer: Design) -> None:
    muon = on(transformer, EVERYTHING, MuonOptions())
    (finding,) = named(muon, "optimizer-refuses")
    assert finding.severity == "error"
    assert "tokens.weight (an embedding: Muon is for hidden matrices), and 1 more" in finding.message
    assert repaired(muon, "optimizer-refuses").group(EVERYTHING).options == AdamWOptions()
    assert not named(muon_beside_adamw(transformer), "optimizer-refuses")


def test_of_a_model_on_muon_the_head_is_moved_to_the_remainder(transformer: Design) -> None:
    muon = muon_beside_adamw(transformer)
    (finding,) = named(muon, "muon-head")
    assert (finding.severity, finding.where) == ("warning", "hidden")
    assert finding.message.startswith("head.weight is the last matrix")
    fixed = repaired(muon, "muon-head")
    assert {part.name: [p.name for p in part.parameters] for parts in param_groups(fixed) for part in parts} == {
        "everything": ["head.weight", "tokens.weight", "block.bias"],
        "hidden": ["block.weight"],
    }


def test_a_head_on_a_remainder_on_muon_gets_a_group_on_adamw(transformer: Design) -> None:
    fixed = repaired(on(transformer, EVERYTHING, MuonOptions(momentum=0.9)), "muon-head")
    assert fixed.groups[-1].name == "head"
    assert isinstance(fixed.groups[-1].options, AdamWOptions)


def test_without_a_known_order_the_last_matrix_is_the_head(transformer: Design) -> None:
    unordered = replace(transformer, model=Model("net.py:Net", {}, replace(TRANSFORMER, order=())))
    assert named(muon_beside_adamw(unordered), "muon-head")[0].message.startswith("block.weight")


def test_sparse_adam_is_for_embeddings(transformer: Design) -> None:
    alone = edits.add_group(transformer, "tokens", ["tokens"])
    sparse = edits.set_optimizer(alone, 2, "SparseAdam")
    assert not named(sparse, "sparse-adam-dense")
    assert named(sparse, "sparse-adam-needs-sparse")[0].severity == "info"
    dense = edits.set_optimizer(alone, EVERYTHING, "SparseAdam")
    assert "head.weight is in no Embedding" in named(dense, "sparse-adam-dense")[0].message
    assert repaired(dense, "sparse-adam-dense").group(EVERYTHING).options.eps == 1e-8  # type: ignore[union-attr]


def test_lbfgs_takes_one_param_group(transformer: Design) -> None:
    one = edits.set_optimizer(transformer, EVERYTHING, "LBFGS")
    assert not named(one, "single-group")
    assert named(one, "needs-closure")[0].severity == "info"
    two = edits.add_group(one, "head", ["head"])
    (finding,) = named(two, "single-group")
    assert (finding.severity, finding.where) == ("error", "head")
    with pytest.raises(UserError, match="LBFGS takes one param group only"):
        export(two)
    assert isinstance(repaired(two, "single-group").group(2).options, AdamWOptions)
    layered = replace(one, groups=(replace(one.groups[0], layer_decay=LayerDecay(layers="block#|head#")),))
    assert bool(named(layered, "single-group")) == (len(param_groups(layered)[0]) > 1)


@pytest.mark.parametrize(
    ("name", "meant"),
    [("wieght_decay", "weight_decay"), ("beta_s", "betas"), ("momentun", "momentum"), ("epss", "eps")],
)
def test_a_misspelt_option_of_another_package_is_asked_about(transformer: Design, name: str, meant: str) -> None:
    custom = on(transformer, EVERYTHING, CustomOptions("lion_pytorch.Lion", {"k": 3, name: 0.5}))
    (finding,) = named(custom, "option-misspelt")
    assert f"did you mean {meant}?" in finding.message
    fixed = repaired(custom, "option-misspelt").group(EVERYTHING).options
    assert fixed == CustomOptions("lion_pytorch.Lion", {"k": 3, meant: 0.5})


@pytest.mark.parametrize(
    "name", ["beta", "weight_decouple", "use_triton", "d_coef", "trust_clip", "prodigy_steps", "d0"]
)
def test_names_that_packages_really_have_are_not_asked_about(transformer: Design, name: str) -> None:
    assert not named(on(transformer, EVERYTHING, CustomOptions("a.B", {name: 1})), "option-misspelt")


def test_several_optimizers_are_told_once(design: Design) -> None:
    assert not named(design, "several-optimizers")
    (finding,) = named(on(design, BACKBONE, SGDOptions()), "several-optimizers")
    assert finding.severity == "info"
    assert "GradScaler" in finding.message
    assert "Lightning" in finding.message


def test_a_fused_group_beside_one_that_is_not_is_told(design: Design) -> None:
    assert named(on(design, BACKBONE, AdamWOptions(fused=True)), "fused-in-part")[0].where == "backbone"
    both = on(on(design, BACKBONE, AdamWOptions(fused=True)), EVERYTHING, AdamWOptions(fused=True))
    assert not named(both, "fused-in-part")
