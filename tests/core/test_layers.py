"""Layers read off names, as those of well-known models stand in their files."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrdesigner.inventory import ParameterInfo
from lrdesigner.layers import layers_of


def infos(names: Iterable[str]) -> tuple[ParameterInfo, ...]:
    return tuple(ParameterInfo(name, (2, 2), "float32", 4, True) for name in names)


def inside(prefix: str, numbers: int, *parts: str) -> list[str]:
    return [f"{prefix}.{number}.{part}" for number in range(numbers) for part in parts]


ATTENTION = ("attention.self.query.weight", "attention.self.query.bias", "attention.output.dense.weight",
             "intermediate.dense.weight", "output.dense.weight", "output.LayerNorm.weight")  # fmt: skip
BERT = [
    "embeddings.word_embeddings.weight", "embeddings.position_embeddings.weight", "embeddings.LayerNorm.weight",
    *inside("encoder.layer", 12, *ATTENTION), "pooler.dense.weight", "pooler.dense.bias",
]  # fmt: skip
VIT = [
    "cls_token", "pos_embed", "patch_embed.proj.weight", "patch_embed.proj.bias",
    *inside("blocks", 12, "norm1.weight", "attn.qkv.weight", "attn.proj.weight", "norm2.weight", "mlp.fc1.weight"),
    "norm.weight", "norm.bias", "head.weight", "head.bias",
]  # fmt: skip
GPT2 = [
    "transformer.wte.weight", "transformer.wpe.weight",
    *inside("transformer.h", 12, "ln_1.weight", "attn.c_attn.weight", "attn.c_proj.weight", "mlp.c_fc.weight"),
    "transformer.ln_f.weight", "transformer.ln_f.bias",
]  # fmt: skip
SWIN = ["patch_embed.proj.weight", "patch_embed.norm.weight"]
for _stage, _blocks in enumerate((2, 2, 6, 2)):
    SWIN += [f"layers.{_stage}.downsample.reduction.weight"] * (_stage > 0)
    SWIN += inside(
        f"layers.{_stage}.blocks", _blocks, "norm1.weight", "attn.qkv.weight", "attn.proj.weight", "mlp.fc1.weight"
    )
SWIN += ["norm.weight", "head.fc.weight", "head.fc.bias"]
RESNET = ["conv1.weight", "bn1.weight", "bn1.bias"]
for _stage, _blocks in enumerate((3, 4, 6, 3), 1):
    RESNET += inside(f"layer{_stage}", _blocks, "conv1.weight", "bn1.weight", "bn1.bias", "conv2.weight", "bn2.weight")
RESNET += ["fc.weight", "fc.bias"]
T5 = ["shared.weight"]
for _side in ("encoder", "decoder"):
    T5 += inside(
        f"{_side}.block",
        6,
        "layer.0.SelfAttention.q.weight",
        "layer.0.layer_norm.weight",
        "layer.1.DenseReluDense.wi.weight",
    )
    T5 += [f"{_side}.final_layer_norm.weight"]
T5 += ["lm_head.weight"]
DENSENET = ["features.conv0.weight", "features.norm0.weight"]
for _block, _layers in enumerate((6, 12, 24, 16), 1):
    for _layer in range(1, _layers + 1):
        DENSENET += [
            f"features.denseblock{_block}.denselayer{_layer}.{part}.weight"
            for part in ("norm1", "conv1", "norm2", "conv2")
        ]
    if _block < 4:
        DENSENET += [f"features.transition{_block}.{part}.weight" for part in ("norm", "conv")]
DENSENET += ["features.norm5.weight", "classifier.weight"]


@pytest.mark.parametrize(
    ("names", "pattern", "count", "some"),
    [
        (BERT, "encoder.layer.#", 14, {"embeddings.LayerNorm.weight": 0, "encoder.layer.11.output.dense.weight": 12}),
        (VIT, "blocks.#", 14, {"pos_embed": 0, "blocks.0.norm1.weight": 1, "norm.weight": 13, "head.bias": 13}),
        (GPT2, "transformer.h.#", 14, {"transformer.wpe.weight": 0, "transformer.ln_f.bias": 13}),
        (SWIN, "layers.#.blocks.#|layers.#", None, {"patch_embed.proj.weight": 0}),
        (RESNET, None, None, {"conv1.weight": 0}),
        (T5, None, None, {"shared.weight": 0}),
        (DENSENET, None, None, {"features.conv0.weight": 0}),
    ],
    ids=["bert", "vit", "gpt2", "swin", "resnet", "t5", "densenet"],
)
def test_the_layers_of_well_known_models(
    names: list[str], pattern: str | None, count: int | None, some: dict[str, int]
) -> None:
    layers = layers_of(infos(names))
    assert pattern is None or layers.pattern == pattern
    assert layers.pattern
    assert count is None or layers.count == count
    place = dict(zip(names, layers.of, strict=True))
    assert {name: place[name] for name in some} == some
    assert place[names[-1]] == layers.count - 1
    # What lies in one block is one layer; blocks of a stage, or of a tower, follow each other.
    order = list(dict.fromkeys(layers.of))
    assert sorted(order) == list(range(layers.count))


def test_a_pattern_of_ones_own_counts_and_one_that_fits_nothing_makes_one_layer() -> None:
    assert layers_of(infos(VIT), "blocks.#.mlp").count == 14
    nothing = layers_of(infos(VIT), "stages.#")
    assert (nothing.pattern, nothing.count) == ("", 1)
    assert layers_of(infos(["a.weight", "b.weight"])).count == 1
    assert layers_of(()).count == 1


def test_numbers_count_as_numbers_whatever_the_order_of_names() -> None:
    names = [f"blocks.{number}.{part}" for number in (10, 2, 9) for part in ("a.weight", "b.weight")]
    assert layers_of(infos(names), "blocks.#").of == (2, 2, 0, 0, 1, 1)


PARTS = st.sampled_from(["blocks", "0", "1", "7", "weight", "layer2", "enc", "a.b"])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(PARTS, min_size=1, max_size=4).map(".".join), max_size=12, unique=True), st.booleans())
def test_layers_are_numbered_without_gaps_from_the_lowest(names: list[str], given_pattern: bool) -> None:
    layers = layers_of(infos(names), "blocks.#|*.#" if given_pattern else "")
    assert len(layers.of) == len(names)
    assert not names or set(layers.of) <= set(range(layers.count))
