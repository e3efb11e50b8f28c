"""Designs with rules, layers, exemptions and optimizers that refuse, for small models like those that people train."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from lrdesigner import edits, expansion_edits, rule_edits
from lrdesigner.document import DecayExemption, Design, Freeze, LayerDecay, Model, Plan, new_design
from lrdesigner.following import follow
from lrdesigner.inventory import Inventory, ModuleInfo, ParameterInfo
from lrdesigner.membership import ancestors
from lrdesigner.schedules import Absolute, Cosine, Length, Linear, Plateau, Segment, Sequence

KINDS = {"embed": "Embedding", "norm": "LayerNorm", "norm1": "LayerNorm", "norm2": "RMSNorm", "blocks": "ModuleList"}
KINDS |= dict.fromkeys(("qkv", "proj", "fc1", "fc2", "head"), "Linear")


def inventory_of(
    shapes: dict[str, tuple[int, ...]], *, typed: bool = True, ties: dict[str, str] | None = None
) -> Inventory:
    """A model with these parameters, in whose modules those called like in `KINDS` have that type."""
    parameters = []
    for name, shape in shapes.items():
        size = 1
        for length in shape:
            size *= length
        parameters.append(ParameterInfo(name, shape, "float32", size, True, (ties or {}).get(name)))
    paths = dict.fromkeys(path for name in shapes for path in reversed(list(ancestors(name))[1:]))
    kinds = {path: KINDS.get(path.rpartition(".")[2], "Block" if path else "Net") for path in paths}
    modules = tuple(ModuleInfo(path, kind if typed else "") for path, kind in kinds.items())
    return Inventory(modules, tuple(parameters), bases={"Linear": ("Scaled",)} if typed else {})


def transformer(layers: int = 4, *, typed: bool = True, tied: bool = False) -> Inventory:
    """An embedding, blocks of attention and a feed-forward part, a norm and a head that may share the embedding."""
    shapes: dict[str, tuple[int, ...]] = {"cls_token": (1, 1, 4), "embed.weight": (6, 4)}
    for layer in range(layers):
        for name, shape in {
            "norm1.weight": (4,), "norm1.bias": (4,), "attn.qkv.weight": (12, 4), "attn.qkv.bias": (12,),
            "attn.proj.weight": (4, 4), "norm2.weight": (4,), "mlp.fc1.weight": (8, 4), "mlp.fc2.weight": (4, 8),
        }.items():  # fmt: skip
            shapes[f"blocks.{layer}.{name}"] = shape
    shapes |= {"norm.weight": (4,), "norm.bias": (4,), "head.weight": (6, 4), "head.bias": (6,)}
    return inventory_of(shapes, typed=typed, ties={"head.weight": "embed.weight"} if tied else None)


def design_of(inventory: Inventory, *groups: str) -> Design:
    """A design with a group for everything, and more, which are empty."""
    design = new_design(Model("", {}, inventory), Plan(10, 3))
    for name in groups:
        design = edits.add_group(design, name, [])
    return design


def ruled(design: Design, rules: Iterable[tuple[str, str]]) -> Design:
    """The design with rules, given as (group's name, query)."""
    ids = {group.name: group.id for group in design.groups}
    for group, where in rules:
        design = rule_edits.add_rule(design, ids[group], where)
    return design


def layered(inventory: Inventory) -> Design:
    """A recipe as vision transformers are tuned by: layer decay, and no weight decay for what is no matrix."""
    design = expansion_edits.use_layer_decay(design_of(inventory), 1, LayerDecay(0.65))
    return expansion_edits.use_exemption(design, 1, DecayExemption(where="*cls_token"))


def muon(inventory: Inventory) -> Design:
    """Hidden matrices on Muon; it passes over norms, biases and embeddings."""
    design = edits.add_group(design_of(inventory), "hidden", ["blocks", "embed"])
    design = edits.set_optimizer(design, 2, "Muon")
    return expansion_edits.use_exemption(design, 1, DecayExemption())


LONG = "|".join(f"a_rather_long_name_of_a_module_{number}" for number in range(9))
EVERY_TERM = (
    ("a", "type:LayerNorm !head"),
    ("b", "*.bias|*.gain ndim:1 size<1k"),
    ("a", "/blocks\\.[01]\\..*proj/ depth>=4"),
    ("b", "type=RMSNorm"),
    ("a", "fc? !type:embed"),
    ("b", "!*.weight"),
    ("a", f"!attn|{LONG} ndim>1 !depth:2"),
    ("b", "type:Scaled !type:nothing"),
)


def _quoted() -> Design:
    shapes = {'"it\'s".weight': (2, 2), "日本.Größe.weight": (2,), "\u017f.w\\n": (3,), "x.bias": (2,)}
    rules = (("a", "/it's|\"/"), ("b", "*.größe"), ("a", "größe|S"), ("b", '"'), ("a", "\\"))
    design = ruled(design_of(inventory_of(shapes), "a", "b"), rules)
    return expansion_edits.use_exemption(rule_edits.set_rule(design, 0, name='"""'), 1, DecayExemption())


def _frozen() -> Design:
    design = layered(transformer())
    freeze = (Freeze(Length(5, "steps"), Length(10, "steps")),)
    return replace(design, groups=tuple(replace(group, freeze=freeze) for group in design.groups))


def _floors() -> Design:
    design = edits.set_schedule(layered(transformer()), 1, Cosine(Absolute(1e-5)))
    return replace(design, groups=tuple(replace(group, weight_decay=Linear(1.0, 0.5)) for group in design.groups))


def _colliding() -> Design:
    design = edits.rename_group(layered(transformer()), 1, "net")
    design = edits.add_group(design, "net.layer1.no_decay", ["head.bias"])
    return edits.add_group(design, "net.layer2", ["norm.weight"])


def _several_exemptions() -> Design:
    design = ruled(design_of(transformer(), "a", "b"), (("a", "attn"), ("b", "mlp|norm2")))
    for group, exemption in ((1, DecayExemption()), (2, DecayExemption(norm=False)), (3, DecayExemption(where="fc1"))):
        design = expansion_edits.use_exemption(design, group, exemption)
    return design


def _everything() -> Design:
    """Each thing that a design can have, and those that meet: layers, exemptions and a freeze in one group."""
    design = design_of(transformer(tied=True), "follower", "muon", "custom", "plateau")
    design = ruled(design, (("follower", "*.norm2 !*.bias"), ("muon", "blocks"), ("custom", "head.bias|norm")))
    design = edits.assign(edits.assign(design, ["blocks"], 3), ["norm", "blocks.3.norm1"], 5)
    design = edits.set_optimizer(edits.set_optimizer(design, 3, "Muon"), 4, "custom")
    design = edits.set_option(design, 4, "path", "torch.optim.NAdam")
    design = edits.set_option(design, 4, "options", {"betas": [0.8, 0.95], "weight_decay": 0.1})
    for group in (1, 3, 4):
        design = expansion_edits.use_layer_decay(design, group, LayerDecay(0.5, 0.1))
        design = expansion_edits.use_exemption(design, group, DecayExemption(embeddings=True, where="qkv"))
        design = edits.set_track(design, group, "weight_decay", Linear(1.0, 0.25))
    design = edits.set_schedule(design, 1, Sequence((Segment(Linear(0.1), Length(4, "steps")), Segment(Cosine(0.01)))))
    design = edits.set_freeze(design, 3, (Freeze(Length(5, "steps"), Length(1, "epochs")),))
    design = edits.set_schedule(design, 5, Plateau(floor=1e-5))
    return follow(follow(design, 2, 1, 3.0), 4, 1, 0.1)


def _cases() -> dict[str, Design]:
    return {
        "layered": layered(transformer()),
        "layered_tied": layered(transformer(tied=True)),
        "layered_names_only": layered(transformer(typed=False)),
        "one_dimensional": expansion_edits.use_exemption(
            design_of(transformer()), 1, DecayExemption(bias=False, norm=False)
        ),
        "muon": muon(transformer()),
        "muon_tied": muon(transformer(tied=True)),
        "muon_names_only": muon(transformer(typed=False)),
        "every_term": ruled(design_of(transformer(), "a", "b"), EVERY_TERM),
        "every_term_tied": ruled(design_of(transformer(tied=True), "a", "b"), EVERY_TERM),
        "by_size": ruled(design_of(transformer(), "a"), (("a", "size>30"),)),
        "quoted": _quoted(),
        "frozen": _frozen(),
        "floors": _floors(),
        "colliding": _colliding(),
        "several_exemptions": _several_exemptions(),
        "everything": _everything(),
    }


CASES = _cases()
