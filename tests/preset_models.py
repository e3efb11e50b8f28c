"""Inventories of the kinds of models that presets are for, small and written down by hand, in torch's order."""

from __future__ import annotations

from math import prod

from msgspec import Struct

from lrdesigner.document import Design, Model, Plan, new_design
from lrdesigner.inventory import Inventory, ModuleInfo, ParameterInfo
from lrdesigner.membership import ancestors
from lrdesigner.param_groups import trained_groups
from lrdesigner.presets import preset_named

Entry = tuple[str, str, dict[str, tuple[int, ...]]]
"""A module's path, its type, and the shapes of its own parameters."""


def inventory_of(
    root: str, entries: list[Entry], ties: dict[str, str] | None = None, frozen: str = "", **bases: tuple[str, ...]
) -> Inventory:
    """Modules and parameters; `ties` has second names, `frozen` the end of names that do not train."""
    types = {path: kind for path, kind, _ in entries}
    paths = {""} | {outer for path in types for outer in ancestors(path)}
    order = list(dict.fromkeys(outer for path in types for outer in reversed(list(ancestors(path)))))
    modules = tuple(
        ModuleInfo(path, types.get(path, "ModuleList" if path else root)) for path in order if path in paths
    )
    parameters = []
    for path, _, shapes in entries:
        for name, shape in shapes.items():
            full = f"{path}.{name}".lstrip(".")
            trains = not frozen or "lora" in full or frozen not in full
            parameters.append(ParameterInfo(full, shape, "float32", prod(shape), trains, (ties or {}).get(full)))
    return Inventory(modules, tuple(parameters), bases=dict(bases))


def linear(path: str, out: int, into: int, kind: str = "Linear") -> Entry:
    return path, kind, {"weight": (out, into), "bias": (out,)}


def norm(path: str, size: int, kind: str = "LayerNorm") -> Entry:
    return path, kind, {"weight": (size,), "bias": (size,)}


def bert(layers: int = 3) -> Inventory:
    entries: list[Entry] = [
        ("bert.embeddings.word_embeddings", "Embedding", {"weight": (50, 8)}),
        ("bert.embeddings.position_embeddings", "Embedding", {"weight": (16, 8)}),
        norm("bert.embeddings.LayerNorm", 8),
    ]
    for layer in range(layers):
        at = f"bert.encoder.layer.{layer}"
        entries += [
            linear(f"{at}.attention.self.query", 8, 8),
            linear(f"{at}.attention.output.dense", 8, 8),
            norm(f"{at}.attention.output.LayerNorm", 8),
            linear(f"{at}.intermediate.dense", 32, 8),
            linear(f"{at}.output.dense", 8, 32),
            norm(f"{at}.output.LayerNorm", 8),
        ]
    entries += [linear("bert.pooler.dense", 8, 8), linear("classifier", 2, 8)]
    return inventory_of("BertForSequenceClassification", entries)


def vit(blocks: int = 3) -> Inventory:
    entries: list[Entry] = [
        ("", "VisionTransformer", {"cls_token": (1, 1, 8), "pos_embed": (1, 5, 8)}),
        ("patch_embed.proj", "Conv2d", {"weight": (8, 3, 4, 4), "bias": (8,)}),
    ]
    for block in range(blocks):
        at = f"blocks.{block}"
        entries += [norm(f"{at}.norm1", 8), linear(f"{at}.attn.qkv", 24, 8), linear(f"{at}.attn.proj", 8, 8)]
        entries += [norm(f"{at}.norm2", 8), linear(f"{at}.mlp.fc1", 32, 8), linear(f"{at}.mlp.fc2", 8, 32)]
    return inventory_of("VisionTransformer", [*entries, norm("norm", 8), linear("head", 10, 8)])


def resnet() -> Inventory:
    entries: list[Entry] = [("conv1", "Conv2d", {"weight": (4, 3, 7, 7)}), norm("bn1", 4, "BatchNorm2d")]
    for stage, width in ((1, 4), (2, 8)):
        for block in range(2):
            at = f"layer{stage}.{block}"
            for number in (1, 2):
                entries.append((f"{at}.conv{number}", "Conv2d", {"weight": (width, width, 3, 3)}))
                entries.append(norm(f"{at}.bn{number}", width, "BatchNorm2d"))
    return inventory_of("ResNet", [*entries, linear("fc", 10, 8)])


def gpt2(blocks: int = 2) -> Inventory:
    entries: list[Entry] = [
        ("transformer.wte", "Embedding", {"weight": (50, 8)}),
        ("transformer.wpe", "Embedding", {"weight": (16, 8)}),
    ]
    for block in range(blocks):
        at = f"transformer.h.{block}"
        entries += [norm(f"{at}.ln_1", 8), (f"{at}.attn.c_attn", "Conv1D", {"weight": (8, 24), "bias": (24,)})]
        entries += [norm(f"{at}.ln_2", 8), (f"{at}.mlp.c_fc", "Conv1D", {"weight": (8, 32), "bias": (32,)})]
    entries += [norm("transformer.ln_f", 8), ("lm_head", "Linear", {"weight": (50, 8)})]
    return inventory_of("GPT2LMHeadModel", entries, {"lm_head.weight": "transformer.wte.weight"})


def llama(layers: int = 2, width: int = 8) -> Inventory:
    entries: list[Entry] = [("model.embed_tokens", "Embedding", {"weight": (50, width)})]
    for layer in range(layers):
        at = f"model.layers.{layer}"
        entries += [
            (f"{at}.self_attn.q_proj", "Linear", {"weight": (width, width)}),
            (f"{at}.self_attn.o_proj", "Linear", {"weight": (width, width)}),
            (f"{at}.mlp.down_proj", "Linear", {"weight": (width, 3 * width)}),
            (f"{at}.input_layernorm", "LlamaRMSNorm", {"weight": (width,)}),
        ]
    entries += [("model.norm", "LlamaRMSNorm", {"weight": (width,)}), ("lm_head", "Linear", {"weight": (50, width)})]
    return inventory_of("LlamaForCausalLM", entries)


def lora() -> Inventory:
    at = "base_model.model.model"
    entries: list[Entry] = [
        (f"{at}.embed.base_layer", "Embedding", {"weight": (50, 8)}),
        (f"{at}.embed.lora_embedding_A", "ParameterDict", {"default": (2, 50)}),
        (f"{at}.embed.lora_embedding_B", "ParameterDict", {"default": (8, 2)}),
    ]
    for layer in range(2):
        target = f"{at}.layers.{layer}.q_proj"
        entries += [
            (f"{target}.base_layer", "Linear", {"weight": (8, 8), "bias": (8,)}),
            (f"{target}.lora_A.default", "Linear", {"weight": (2, 8)}),
            (f"{target}.lora_B.default", "Linear", {"weight": (8, 2), "bias": (8,)}),
            (f"{target}.lora_magnitude_vector.default", "DoraLinearLayer", {"weight": (8,)}),
        ]
    entries.append(linear("base_model.model.score.modules_to_save.default", 2, 8))
    return inventory_of("PeftModel", entries, frozen="base_layer")


def hidden_experts(layers: int, experts: int) -> Inventory:
    """A mixture of experts, with as many tensors as wanted."""
    entries: list[Entry] = [("model.embed", "Embedding", {"weight": (100, 8)})]
    for layer in range(layers):
        at = f"model.layers.{layer}"
        entries.append((f"{at}.norm", "RMSNorm", {"weight": (8,)}))
        for expert in range(experts):
            entries += [(f"{at}.experts.{expert}.{name}", "Linear", {"weight": (8, 8)}) for name in ("up", "down")]
    return inventory_of("Experts", [*entries, ("lm_head", "Linear", {"weight": (100, 8)})])


MODELS = {"bert": bert, "vit": vit, "resnet": resnet, "gpt2": gpt2, "llama": llama, "lora": lora}


def design_for(inventory: Inventory) -> Design:
    return new_design(Model("model.py:Net", {}, inventory), Plan(epoch=10, epochs=8))


def applied(name: str, inventory: Inventory, parameters: Struct | None = None) -> Design:
    """A preset on a new design for a model."""
    return preset_named(name).apply(design_for(inventory), parameters)


def settings_of(design: Design) -> dict[str, tuple[float, float]]:
    """For each parameter that trains: its base lr, and its weight decay."""
    return {
        info.name: (part.group.lr.base, getattr(part.group.options, "weight_decay", 0.0))
        for part in trained_groups(design)
        for info in part.parameters
    }
