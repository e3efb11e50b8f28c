"""Presets against the code that they are named after: for each parameter the scale of its rate, and weight decay."""

from __future__ import annotations

from typing import Any

import pytest
from preset_models import design_for, settings_of

from lrdesigner.inventory import Inventory, ModuleInfo, ParameterInfo
from lrdesigner.presets import preset_named
from lrdesigner.presets.decay_presets import NoDecay
from lrdesigner.presets.layer_presets import VitLayers

pytestmark = [pytest.mark.peers, pytest.mark.torch, pytest.mark.filterwarnings("ignore")]

Settings = dict[str, tuple[float, float]]

VITS = ("vit_tiny_patch16_224", "deit_tiny_patch16_224", "deit_tiny_distilled_patch16_224", "beit_base_patch16_224")
OTHERS = ("resnet18", "convnext_atto", "swin_tiny_patch4_window7_224", "mixer_s16_224", "efficientnet_b0")

LAST_NORM = "timm has the last norm in the last block, BEiT's own code and the preset have it with the head"


BIAS_IN_THE_NAME = "the Trainer takes any name that holds bias, also T5's tables; the preset those that end in it"


def inventory_of(model: Any) -> Inventory:
    """What the child would say of a model."""
    import torch

    bases = {
        type(module).__name__: tuple(
            kind.__name__
            for kind in type(module).__mro__[1:]
            if issubclass(kind, torch.nn.Module) and kind is not torch.nn.Module
        )
        for module in model.modules()
    }
    first: dict[int, str] = {}
    infos = []
    for name, parameter in model.named_parameters(remove_duplicate=False):
        tied = first.setdefault(id(parameter), name)
        shape = tuple(parameter.shape)
        infos.append(
            ParameterInfo(
                name, shape, "float32", parameter.numel(), parameter.requires_grad, tied if tied != name else None
            )
        )
    modules = tuple(ModuleInfo(path, type(module).__name__) for path, module in model.named_modules())
    return Inventory(modules, tuple(infos), bases={kind: around for kind, around in bases.items() if around})


def timm_model(name: str) -> Any:
    timm = pytest.importorskip("timm")
    torch = pytest.importorskip("torch")
    with torch.device("meta"):
        return timm.create_model(name)


def transformers_model(kind: str) -> Any:
    transformers = pytest.importorskip("transformers")
    torch = pytest.importorskip("torch")
    sizes: dict[str, Any] = {
        "num_hidden_layers": 3,
        "hidden_size": 64,
        "num_attention_heads": 4,
        "intermediate_size": 96,
    }
    made = {
        "bert": lambda: transformers.BertForSequenceClassification(transformers.BertConfig(**sizes)),
        "gpt2": lambda: transformers.GPT2LMHeadModel(transformers.GPT2Config(n_layer=3, n_embd=64, n_head=4)),
        "llama": lambda: transformers.LlamaForCausalLM(transformers.LlamaConfig(**sizes)),
        "vit": lambda: transformers.ViTForImageClassification(transformers.ViTConfig(**sizes)),
        "t5": lambda: transformers.T5ForConditionalGeneration(
            transformers.T5Config(num_layers=2, d_model=64, num_heads=4, d_ff=96, d_kv=16)
        ),
    }
    with torch.device("meta"):
        return made[kind]()


def settings_of_groups(model: Any, groups: list[dict[str, Any]]) -> Settings:
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    return {
        names[id(parameter)]: (group.get("lr_scale", 1.0), group["weight_decay"])
        for group in groups
        for parameter in group["params"]
    }


def designed(model: Any, name: str, parameters: Any) -> Settings:
    """Scales of the base lr of the whole, and weight decays."""
    design = preset_named(name).apply(design_for(inventory_of(model)), parameters)
    base = design.group(design.remainder).lr.base
    return {name: (lr / base, decay) for name, (lr, decay) in settings_of(design).items()}


def differing(ours: Settings, theirs: Settings) -> dict[str, tuple[Any, Any]]:
    assert ours.keys() == theirs.keys()
    return {name: (ours[name], theirs[name]) for name in ours if ours[name] != pytest.approx(theirs[name])}


def no_weight_decay(model: Any) -> set[str]:
    return set(model.no_weight_decay()) if hasattr(model, "no_weight_decay") else set()


@pytest.mark.parametrize("name", VITS + OTHERS)
def test_no_decay_is_timms_param_groups_weight_decay(name: str) -> None:
    """Without what a model class names by itself, which is the person's to add."""
    model = timm_model(name)
    from timm.optim import param_groups_weight_decay

    theirs = settings_of_groups(model, param_groups_weight_decay(model, 0.05))
    assert differing(designed(model, "no-decay", NoDecay(weight_decay=0.05)), theirs) == {}


@pytest.mark.parametrize("kind", ["bert", "gpt2", "llama", "vit", "t5"])
def test_no_decay_is_that_of_transformers_trainer(kind: str) -> None:
    model = transformers_model(kind)
    from transformers import Trainer

    decaying = set(Trainer.get_decay_parameter_names(None, model))
    theirs = {name: (1.0, 0.05 if name in decaying else 0.0) for name, _ in model.named_parameters()}
    found = differing(designed(model, "no-decay", NoDecay(weight_decay=0.05)), theirs)
    assert {name for name in found if "relative_attention_bias" not in name} == set(), BIAS_IN_THE_NAME
    assert bool(found) == (kind == "t5")


@pytest.mark.parametrize("name", VITS)
@pytest.mark.parametrize("factor", [0.65, 0.75])
def test_layer_decay_of_vits_is_timms_but_for_the_last_norm(name: str, factor: float) -> None:
    model = timm_model(name)
    from timm.optim import param_groups_layer_decay

    groups = param_groups_layer_decay(model, 0.05, no_weight_decay(model), layer_decay=factor)
    found = differing(designed(model, "layers-vit", VitLayers(factor=factor)), settings_of_groups(model, groups))
    assert {key.split(".")[0] for key in found} <= {"norm"}, LAST_NORM
    assert all(ours[1] == theirs[1] and ours[0] == 1 and theirs[0] == factor for ours, theirs in found.values())


@pytest.mark.parametrize("name", VITS)
def test_layer_decay_of_vits_is_that_of_beits_code(name: str) -> None:
    """Its `get_num_layer_for_vit`: tokens, positions and patches 0, block i is i + 1, all else the top."""
    model = timm_model(name)
    blocks = len(model.blocks)
    free = no_weight_decay(model)
    theirs = {}
    for key, parameter in model.named_parameters():
        bottom = ("cls_token", "mask_token", "pos_embed", "patch_embed", "dist_token")
        layer = 0 if key.startswith(bottom) else int(key.split(".")[1]) + 1 if key.startswith("blocks") else blocks + 1
        decays = parameter.ndim > 1 and not key.endswith(".bias") and key not in free
        theirs[key] = (0.65 ** (blocks + 1 - layer), 0.05 if decays else 0.0)
    assert differing(designed(model, "layers-vit", VitLayers()), theirs) == {}
