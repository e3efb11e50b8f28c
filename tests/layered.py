"""An inventory like that of a vision transformer, and a design with a layered group on it. Needs no torch."""

from __future__ import annotations

from lrdesigner import edits
from lrdesigner.document import Design, LayerDecay, Model, Plan, new_design
from lrdesigner.expansion_edits import use_layer_decay
from lrdesigner.inventory import Inventory, ModuleInfo, ParameterInfo
from lrdesigner.schedules import Cosine, Length, Linear, Segment, Sequence

WARM_UP = Sequence((Segment(Linear(1e-3), Length(1.0, "epochs")), Segment(Cosine(0.01))))


def _tensor(name: str, *shape: int) -> ParameterInfo:
    numel = 1
    for size in shape:
        numel *= size
    return ParameterInfo(name, shape, "float32", numel, True)


def vit_inventory(blocks: int = 12, width: int = 192) -> Inventory:
    """Patches, blocks of two norms, attention and a perceptron, a last norm and a head."""
    modules = [ModuleInfo("", "VisionTransformer"), ModuleInfo("patch_embed", "PatchEmbed")]
    modules += [ModuleInfo("patch_embed.proj", "Conv2d"), ModuleInfo("blocks", "Sequential")]
    tensors = [_tensor("pos_embed", 1, 197, width), _tensor("patch_embed.proj.weight", width, 3, 16, 16)]
    tensors.append(_tensor("patch_embed.proj.bias", width))
    for number in range(blocks):
        block = f"blocks.{number}"
        modules.append(ModuleInfo(block, "Block"))
        for name, kind, shape in (
            ("norm1", "LayerNorm", (width,)),
            ("attn", "Attention", (3 * width, width)),
            ("norm2", "LayerNorm", (width,)),
            ("mlp", "Mlp", (4 * width, width)),
        ):
            modules.append(ModuleInfo(f"{block}.{name}", kind))
            tensors += [_tensor(f"{block}.{name}.weight", *shape), _tensor(f"{block}.{name}.bias", shape[0])]
    modules += [ModuleInfo("norm", "LayerNorm"), ModuleInfo("head", "Linear")]
    tensors += [_tensor("norm.weight", width), _tensor("norm.bias", width)]
    tensors += [_tensor("head.weight", 1000, width), _tensor("head.bias", 1000)]
    return Inventory(tuple(modules), tuple(tensors))


def layered_design(blocks: int = 12, factor: float = 0.75) -> Design:
    """`everything`, whose rates fall from layer to layer, and `head`."""
    design = new_design(Model("demo:lenet", {}, vit_inventory(blocks)), Plan(epoch=100, epochs=30))
    design = edits.add_group(design, "head", ["head"])
    design = edits.set_schedule(design, 1, WARM_UP)
    return use_layer_decay(design, 1, LayerDecay(factor))
