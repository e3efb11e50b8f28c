"""Random groupings of the usual models."""

from __future__ import annotations

from hypothesis import strategies as st
from msgspec.structs import replace
from preset_models import MODELS, design_for, inventory_of, norm

from lrdesigner import edits
from lrdesigner.document import DecayExemption, Design, Group, LayerDecay, Pin, Plan, Rule
from lrdesigner.following import follow


@st.composite
def grouped_designs(draw: st.DrawFn) -> Design:
    """One of the usual models, with rules, pins, layers, exemptions, optimizers and followers at random."""
    inventory = draw(st.sampled_from([make() for make in MODELS.values()] + [inventory_of("N", [norm("n", 4)])]))
    groups = tuple(
        Group(
            number,
            f"group {number}",
            layer_decay=draw(
                st.none()
                | st.builds(
                    LayerDecay,
                    factor=st.sampled_from([0.1, 0.75, 1.0]),
                    layers=st.sampled_from(["", "none.#", "blocks.#"]),
                )
            ),
            exempt=draw(st.none() | st.builds(DecayExemption, norm=st.booleans(), one_dimensional=st.booleans())),
        )
        for number in range(1, 4)
    )
    queries = st.sampled_from(
        ["ndim:2", "ndim:1", "*", "blocks", "head", "nothing", "*.bias", "layer.1", "type:Linear"]
    )
    wheres = draw(st.lists(queries, max_size=5))
    ids = st.integers(1, 3)
    rules = tuple(Rule(f"rule {place}", draw(ids), where) for place, where in enumerate(wheres))
    paths = st.sampled_from(
        [*(module.path for module in inventory.modules), *(p.name for p in inventory.parameters), "lost.path"]
    )
    pins = draw(st.dictionaries(paths, ids, max_size=4))
    design = Design(
        replace(design_for(inventory).model),
        Plan(10, 4),
        groups,
        draw(ids),
        tuple(Pin(path, group) for path, group in sorted(pins.items())),
        rules,
    )
    for group in (1, 2, 3):
        design = edits.set_base_lr(design, group, draw(st.sampled_from([1e-3, 2e-3, 0.5])))
        design = edits.set_option(design, group, "weight_decay", draw(st.sampled_from([0.0, 0.01, 0.1])))
    if draw(st.booleans()):
        design = edits.set_optimizer(design, draw(ids), draw(st.sampled_from(["Muon", "SGD"])))
    return follow(design, 3, 1, 10.0) if draw(st.booleans()) else design
