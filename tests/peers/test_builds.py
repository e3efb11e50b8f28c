"""A sample of architectures is built without weights, and is what its library builds really.

`benchmarks/all_builds.py` builds all of them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lrdesigner.child.build_model import build_model
from lrdesigner.child.failures import BuildError
from lrdesigner.child.model_walk import buffer_rows, module_rows, parameter_rows

pytestmark = [pytest.mark.peers, pytest.mark.torch, pytest.mark.filterwarnings("ignore")]

TIMM = (
    *(
        "resnet18",
        "resnet50d",
        "efficientnet_b0",
        "mobilenetv3_small_050",
        "vit_tiny_patch16_224",
        "deit_tiny_patch16_224",
    ),
    *("swin_tiny_patch4_window7_224", "convnext_atto", "mixer_s16_224", "regnety_002", "densenet121", "levit_128s"),
    *(
        "maxvit_nano_rw_256",
        "poolformer_s12",
        "xcit_nano_12_p8_224",
        "coat_tiny",
        "pvt_v2_b0",
        "eva02_tiny_patch14_224",
    ),
    *("edgenext_xx_small", "mobilevit_xxs", "beit_base_patch16_224", "cait_xxs24_224", "dla34", "ghostnet_050"),
    *("hardcorenas_a", "nfnet_l0", "vgg11"),
)
TORCHVISION = (
    *("resnet18", "regnet_y_400mf", "mobilenet_v3_small", "vit_b_16", "swin_t", "efficientnet_b0", "inception_v3"),
    *("squeezenet1_1", "shufflenet_v2_x0_5", "mnasnet0_5", "maxvit_t", "lraspp_mobilenet_v3_large", "r3d_18"),
)
TRANSFORMERS = (
    *("bert", "distilbert", "gpt2", "gpt_neox", "llama", "mistral", "mixtral", "qwen2", "t5", "bart", "vit", "deit"),
    *("clip", "whisper", "wav2vec2", "mamba", "falcon", "opt", "albert", "electra"),
)
SMALL = (
    *("resnet18", "efficientnet_b0", "mobilenetv3_small_050", "vit_tiny_patch16_224", "levit_128s", "mobilevit_xxs"),
    *("regnet_y_400mf", "squeezenet1_1", "mobilenet_v3_small", "shufflenet_v2_x0_5"),
    *("bert", "distilbert", "gpt2", "albert", "electra", "vit"),
)
SHRUNK = {"num_hidden_layers": 2, "hidden_size": 64, "num_attention_heads": 4, "intermediate_size": 96}
"""So that the real one is small too."""


def rows(source: str, kwargs: dict[str, Any], rung: str) -> list[Any]:
    model = build_model(source, kwargs, rung)
    return [list(module_rows(model, {})), list(parameter_rows(model)), list(buffer_rows(model))]


def hollow_rows(source: str, kwargs: dict[str, Any]) -> list[Any]:
    try:
        return rows(source, kwargs, "meta")
    except BuildError:
        return rows(source, kwargs, "hybrid")


@pytest.mark.parametrize("name", TIMM)
def test_timm(name: str) -> None:
    pytest.importorskip("timm")
    found = hollow_rows(f"timm:{name}", {})
    assert found[1]
    if name in SMALL:
        assert found == rows(f"timm:{name}", {}, "cpu")


@pytest.mark.parametrize("name", TORCHVISION)
def test_torchvision(name: str) -> None:
    pytest.importorskip("torchvision")
    found = hollow_rows(f"torchvision:{name}", {})
    assert found[1]
    if name in SMALL:
        assert found == rows(f"torchvision:{name}", {}, "cpu")


@pytest.mark.parametrize("kind", TRANSFORMERS)
def test_transformers(tmp_path: Path, kind: str) -> None:
    pytest.importorskip("transformers")
    file = tmp_path / "config.json"
    shrunk = {"embedding_size": 64} if kind == "electra" else {}
    file.write_text(json.dumps({"model_type": kind, **(SHRUNK | shrunk if kind in SMALL else {})}))
    found = hollow_rows(f"transformers:{file}", {})
    assert found[1]
    if kind in SMALL:
        assert found == rows(f"transformers:{file}", {}, "cpu")


def test_the_sample_has_sixty() -> None:
    assert len(TIMM) + len(TORCHVISION) + len(TRANSFORMERS) == 60
