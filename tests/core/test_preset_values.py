"""What each preset does: the groups, rates and decays that its source gives."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace
from preset_models import (
    applied,
    bert,
    design_for,
    gpt2,
    inventory_of,
    llama,
    lora,
    resnet,
    settings_of,
    vit,
)

from lrdesigner import edits
from lrdesigner.curves import values_at
from lrdesigner.document import DecayExemption, Design, Freeze, Plan
from lrdesigner.errors import UserError
from lrdesigner.expansion_edits import use_exemption
from lrdesigner.findings import check
from lrdesigner.inventory import Inventory
from lrdesigner.membership import membership
from lrdesigner.optimizers import AdamWOptions, MuonOptions
from lrdesigner.param_groups import param_groups, trained_groups
from lrdesigner.presets import preset_named
from lrdesigner.presets.head_presets import SLANTED, Discriminative
from lrdesigner.presets.layer_presets import BertLayers, VitLayers
from lrdesigner.presets.matrix_presets import WidthMultipliers, width_of
from lrdesigner.presets.other_presets import ByType
from lrdesigner.presets.parts import embedding_query, heads_of, hidden_query
from lrdesigner.queries import matching_parameters
from lrdesigner.schedules import Cosine, Length, factors


def members(design: Design, group: str) -> set[str]:
    found = next(one for one in design.groups if one.name == group)
    return {info.name for info in membership(design).trainable(found.id)}


def without_types(inventory: Inventory) -> Inventory:
    """As it is read from a checkpoint."""
    return replace(inventory, modules=tuple(replace(module, type="") for module in inventory.modules))


# No decay, embeddings.


def test_biases_norms_and_vectors_of_every_group_are_free_from_decay() -> None:
    design = edits.add_group(design_for(bert()), "head", ["classifier"])
    after = preset_named("no-decay").apply(design)
    free = {name for name, (_, decay) in settings_of(after).items() if decay == 0}
    assert free == {name for name in settings_of(design) if name.endswith(".bias") or "LayerNorm" in name}


def test_what_only_stands_beside_a_norm_decays() -> None:
    entries: Any = [
        ("stem", "ConvNormAct", {}),
        ("stem.conv", "Conv2d", {"weight": (4, 3, 3, 3)}),
        ("stem.bn", "BatchNormAct2d", {"weight": (4,)}),
        ("block", "PreNorm", {}),
        ("block.norm", "LayerNorm", {"weight": (4, 4)}),
        ("block.fn", "Linear", {"weight": (4, 4)}),
    ]
    found = settings_of(applied("no-decay", inventory_of("NormFreeNet", entries)))
    assert {name for name, (_, decay) in found.items() if decay} == {"stem.conv.weight", "block.fn.weight"}


@pytest.mark.parametrize("where", ["size>30k", "type:Linear", "/attn/", "!mlp", "attn ndim:2", "attn|head", "mlp, fc1"])
def test_what_was_exempt_stays_so_beside_what_a_preset_exempts(where: str) -> None:
    design = use_exemption(design_for(vit()), 1, DecayExemption(where=where))
    after = preset_named("layers-vit").apply(design)
    exemption = after.group(1).exempt
    assert exemption is not None
    before, now = (matching_parameters(vit(), query).tolist() for query in (where, exemption.where))
    tables = [info.name in ("cls_token", "pos_embed") for info in vit().parameters]
    assert now == [one or other for one, other in zip(before, tables, strict=True)]
    assert preset_named("layers-vit").apply(after) is after


def test_a_head_that_is_called_by_a_number_exempts_no_layer_of_that_number() -> None:
    entries: Any = [("embed", "Embedding", {"weight": (9, 4)})]
    entries += [(f"layer.{layer}.fc", "Linear", {"weight": (4, 4)}) for layer in range(6)]
    entries += [("decoder.2", "Linear", {"weight": (4, 4)}), ("decoder.4", "Linear", {"weight": (9, 4)})]
    found = settings_of(applied("layers-bert", inventory_of("Net", entries)))
    assert {name for name, (_, decay) in found.items() if not decay} == {"decoder.4.weight"}


def test_as_in_the_source_the_floor_of_a_vit_falls_with_its_layers() -> None:
    design = applied("layers-vit", vit(), VitLayers(lr=1e-4, schedule=True))
    rates = [
        (part.scale, values_at(part, design.plan, [design.plan.total_steps])["lr"]) for part in trained_groups(design)
    ]
    assert min(scale for scale, _ in rates) < 0.2
    assert [rate[0] for _, rate in rates] == pytest.approx([scale * 1e-6 for scale, _ in rates])


def test_no_decay_keeps_what_was_exempt_and_leaves_a_decay_of_0_alone() -> None:
    design = edits.add_group(design_for(bert()), "head", ["classifier"])
    head = design.groups[-1].id
    design = edits.set_option(design, head, "weight_decay", 0.0)
    after = preset_named("no-decay").apply(design, preset_named("no-decay").parameters(weight_decay=0.1))
    assert after.group(head).options == design.group(head).options
    assert settings_of(after)["bert.pooler.dense.weight"] == (1e-3, 0.1)


def test_embeddings_are_apart_without_decay_also_where_only_names_are_known() -> None:
    for inventory in (gpt2(), without_types(gpt2())):
        after = applied("embeddings", inventory)
        assert members(after, "embeddings") == {"transformer.wte.weight", "transformer.wpe.weight"}
        assert settings_of(after)["transformer.wte.weight"] == (1e-3, 0.0)
    assert embedding_query(gpt2()) == "type=Embedding|EmbeddingBag"


# Backbone and head.


@pytest.mark.parametrize(
    ("model", "heads"),
    [
        (bert, ("classifier",)),
        (vit, ("head",)),
        (resnet, ("fc",)),
        (llama, ("lm_head",)),
        (gpt2, ()),
        (lora, ("base_model.model.score",)),
    ],
    ids=["bert", "vit", "resnet", "llama", "gpt2", "lora"],
)
def test_the_head_is_found_by_its_name(model: Any, heads: tuple[str, ...]) -> None:
    assert heads_of(model()) == heads


def test_without_a_usual_name_the_last_module_with_weights_is_the_head(lenet_inventory: Inventory) -> None:
    assert heads_of(lenet_inventory) == ("classifier.5",)
    turned = replace(
        lenet_inventory, order=("", "classifier.1", "classifier.3", "classifier.5", "features.0", "features.3")
    )
    assert heads_of(turned) == ("features.3",)


def test_the_head_follows_the_backbone_at_ten_times_its_rate() -> None:
    after = applied("backbone-head", resnet())
    assert [(rule.name, rule.where) for rule in after.rules] == [("head", "fc")]
    assert settings_of(after)["fc.weight"][0] == pytest.approx(1e-2)
    slower = edits.set_schedule(edits.set_base_lr(after, after.remainder, 1e-4), after.remainder, Cosine())
    head = slower.groups[-1]
    assert (head.lr.base, head.lr.schedule) == (1e-3, Cosine())
    assert slower.group(slower.remainder).name == "backbone"


def test_a_head_that_is_pinned_already_is_the_head() -> None:
    design = edits.add_group(design_for(resnet()), "mine", ["fc"])
    after = preset_named("backbone-head").apply(design)
    assert (len(after.groups), after.rules) == (2, ())
    assert settings_of(after)["fc.weight"][0] == pytest.approx(1e-2)


# Layer-wise decay.


def test_bert_decays_from_layer_to_layer_as_in_the_code_of_revisiting_few_sample_bert() -> None:
    """The head and the pooler at the rate and without decay; each layer below at 0.95 of the one above it."""
    no_decay = ("bias", "LayerNorm.weight")
    expected = {}
    for name in settings_of(design_for(bert(4))):
        if "classifier" in name or "pooler" in name:
            expected[name] = (2e-5, 0.0)
            continue
        layer = 0 if "embeddings" in name else 1 + int(name.split(".")[3])
        expected[name] = (2e-5 * 0.95 ** (5 - layer), 0.0 if any(part in name for part in no_decay) else 0.01)
    found = settings_of(applied("layers-bert", bert(4)))
    assert {name: pytest.approx(value) for name, value in expected.items()} == found


def test_bert_can_let_its_head_decay_and_bring_the_schedule() -> None:
    after = applied("layers-bert", bert(), BertLayers(head_decays=True, schedule=True))
    assert settings_of(after)["classifier.weight"] == (2e-5, 0.01)
    rates = factors(after.groups[0].lr.schedule, [0, 4, 8, 44, 80], after.plan.span).tolist()
    assert rates == pytest.approx([0, 0.5, 1, 0.5, 0])


def test_vit_decays_as_in_beits_code() -> None:
    """Tables and patches are layer 0, block i is layer i + 1, all else is the top layer."""
    expected = {}
    for name, info in ((info.name, info) for info in vit().parameters):
        block = name.split(".")[1] if name.startswith("blocks") else None
        layer = int(block) + 1 if block else 0 if name.startswith(("cls_token", "pos_embed", "patch_embed")) else 4
        free = len(info.shape) == 1 or name.endswith(".bias") or name in ("pos_embed", "cls_token")
        expected[name] = (pytest.approx(1e-3 * 0.65 ** (4 - layer)), 0.0 if free else 0.05)
    assert settings_of(applied("layers-vit", vit())) == expected


@pytest.mark.parametrize(("blocks", "factor"), [(12, 0.65), (24, 0.75), (32, 0.8)])
def test_the_factor_of_a_vit_follows_its_depth_unless_it_is_given(blocks: int, factor: float) -> None:
    decay = applied("layers-vit", vit(blocks)).groups[0].layer_decay
    assert decay is not None
    assert decay.factor == factor
    given = applied("layers-vit", vit(blocks), VitLayers(factor=0.9)).groups[0].layer_decay
    assert given is not None
    assert given.factor == 0.9


# ULMFiT.


def test_each_layer_has_a_rate_of_its_own_and_is_unfrozen_an_epoch_after_the_one_above_it() -> None:
    after = applied("ulmfit", bert())
    top = [group for group in after.groups if group.follow is None]
    assert [group.name for group in top] == ["top"]
    layers = {
        name: next(g for g in after.groups if g.name == name)
        for name in ("top", "layer 3", "layer 2", "layer 1", "layer 0")
    }
    for rank, group in enumerate(layers.values()):
        assert group.lr.base == pytest.approx(1e-3 / 2.6**rank)
        assert group.freeze == ((Freeze(length=Length(float(rank), "epochs")),) if rank else ())
        assert group.lr.schedule == SLANTED
    assert members(after, "top") == {
        "bert.pooler.dense.weight",
        "bert.pooler.dense.bias",
        "classifier.weight",
        "classifier.bias",
    }
    assert all(name.startswith("bert.encoder.layer.1.") for name in members(after, "layer 2"))
    assert all(name.startswith("bert.embeddings") for name in members(after, "layer 0"))
    assert len(after.groups) == 5


def test_the_slanted_triangle_is_that_of_the_paper() -> None:
    total, cut_frac, ratio = 200, 0.1, 32
    cut = int(total * cut_frac)

    def paper(step: int) -> float:
        share = step / cut if step < cut else 1 - (step - cut) / (cut * (1 / cut_frac - 1))
        return (1 + share * (ratio - 1)) / ratio

    steps = list(range(total))
    assert factors(SLANTED, steps, Plan(total, 1).span).tolist() == pytest.approx([paper(step) for step in steps])


def test_a_short_run_unfreezes_neighbours_together_so_that_all_of_them_train() -> None:
    design = replace(design_for(bert(10)), plan=Plan(epoch=10, epochs=3))
    after = preset_named("ulmfit").apply(design)
    assert [group.name for group in after.groups] == ["layers 0-5", "top", "layers 6-10"]
    assert len(trained_groups(after)) == 3
    many = preset_named("ulmfit").apply(design, Discriminative(unfreeze=False))
    assert len(many.groups) == 12
    assert not any(group.freeze for group in many.groups)


# Muon, muP.


@pytest.mark.parametrize("model", [bert, gpt2, llama, vit], ids=["bert", "gpt2", "llama", "vit"])
def test_hidden_matrices_are_on_muon_and_all_else_on_adamw(model: Any) -> None:
    after = applied("muon", model())
    on_muon, rest = param_groups(after)[-1], param_groups(after)[0]
    assert all(isinstance(part.group.options, MuonOptions) and part.group.lr.base == 0.02 for part in on_muon)
    assert rest[0].group.options == AdamWOptions(beta1=0.9, beta2=0.95, weight_decay=0.01)
    assert rest[0].group.lr.base == 3e-4
    left_out = ("wte", "wpe", "lm_head", "embed", "head", "classifier")
    expected = {
        info.name
        for info in model().parameters
        if len(info.shape) == 2 and not any(word in info.name for word in left_out)
    }
    assert {info.name for part in on_muon for info in part.parameters} == expected
    assert "muon-head" not in [finding.code for finding in check(after)]


def test_tables_are_no_hidden_matrices() -> None:
    entries: Any = [
        ("blocks.0.attn", "Attention", {"relative_position_bias_table": (9, 2)}),
        ("blocks.0.attn.qkv", "Linear", {"weight": (6, 2)}),
        ("head", "Linear", {"weight": (3, 2)}),
    ]
    assert hidden_query(inventory_of("Net", entries)) == "ndim:2 !head !*relative_position_bias_table"


def test_hidden_weights_have_their_rate_divided_by_the_width_ratio() -> None:
    """Table 8: matrix-like weights at 1 / ratio, with decay x ratio; vectors, input and output at the rate itself."""
    inventory = llama(width=64)
    assert width_of(inventory) == 64
    found = settings_of(applied("mup", inventory, WidthMultipliers(base_width=16)))
    for name, setting in found.items():
        hidden = ".self_attn." in name or ".mlp." in name
        assert setting == ((2.5e-4, 0.04) if hidden else (1e-3, 0.01)), name


def test_mup_does_not_scale_what_is_not_adam() -> None:
    design = edits.set_optimizer(design_for(llama()), 1, "SGD")
    with pytest.raises(UserError, match="does not hold for SGD"):
        preset_named("mup").apply(design)


# LoRA+, by type.


def test_the_factor_b_learns_at_16_times_the_rate_of_a_as_in_peft() -> None:
    expected = {}
    for info in lora().parameters:
        if not info.trainable:
            continue
        if "lora_embedding" in info.name:
            expected[info.name] = (1e-6, 0.01)
        elif "lora_B" in info.name or len(info.shape) == 1:
            expected[info.name] = (1.6e-2, 0.0 if "bias" in info.name else 0.01)
        else:
            expected[info.name] = (1e-3, 0.01)
    found = settings_of(applied("lora-plus", lora()))
    assert {name: pytest.approx(value) for name, value in expected.items()} == found


def test_each_main_type_is_a_group_and_what_derives_from_another_comes_first() -> None:
    entries: Any = [
        ("a", "Linear", {"weight": (9, 9)}),
        ("b", "MyLinear", {"weight": (2, 2)}),
        ("c", "LayerNorm", {"weight": (3,)}),
    ]
    after = applied("by-type", inventory_of("Net", entries, MyLinear=("Linear",)), ByType(most_groups=2))
    assert [rule.where for rule in after.rules] == ["type=MyLinear", "type=Linear"]
    assert [members(after, name) for name in ("everything", "MyLinear", "Linear")] == [
        {"c.weight"},
        {"b.weight"},
        {"a.weight"},
    ]
