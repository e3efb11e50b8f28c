"""The recipes build schedules that a design file takes, without a peer installed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from peers import ignite_recipes, timm_recipes, transformers_recipes
from peers.comparison import drawn

STEPS = {"num_warmup_steps": 10, "num_training_steps": 100}
METRIC = {"metrics": [1.0] * 100}
FLOOR = {"min_lr_rate": 0.1} | STEPS
CYCLE = {"start_value": 0.1, "end_value": 0.01, "cycle_size": 20, "updates": 101}

OF_TRANSFORMERS: dict[str, dict[str, Any]] = {
    "reduce_lr_on_plateau": METRIC,
    "greedy": METRIC,
    "cosine_with_min_lr": FLOOR,
    "cosine_warmup_with_min_lr": FLOOR,
    "warmup_stable_decay": {"num_decay_steps": 20} | STEPS,
}
OF_TIMM: dict[str, dict[str, Any]] = {
    "step": {"decay_t": 30, "decay_rate": 0.1},
    "multistep": {"decay_t": [30, 60], "decay_rate": 0.1},
    "constant": {},
    "wsd": {"t_initial": 90, "decay_t": 20},
    "rsqrt": {"t_initial": 90, "decay_t": 20},
}
NODES = {
    **{
        f"transformers {name}": recipe(lr=0.1, **OF_TRANSFORMERS.get(name, STEPS))
        for name, recipe in transformers_recipes.RECIPES.items()
    },
    **{
        f"timm {name}": recipe(lr=0.1, warmup_t=10, **OF_TIMM.get(name, {"t_initial": 100}))
        for name, recipe in timm_recipes.RECIPES.items()
    },
    "ignite LinearCyclicalScheduler": ignite_recipes.linear_cyclical(**CYCLE),
    "ignite CosineAnnealingScheduler": ignite_recipes.cosine_annealing(cycle_mult=2, **CYCLE),
    "ignite PiecewiseLinear": ignite_recipes.piecewise_linear(lr=0.1, milestones_values=[(10, 0.1), (90, 0.01)]),
}


@pytest.mark.parametrize("node", NODES.values(), ids=NODES.keys())
def test_a_recipe_is_a_schedule_within_the_bounds_of_its_fields(node: Any) -> None:
    rates = drawn(node, 0.1, 101)
    assert np.isfinite(rates).all()
    assert rates.min() >= 0
    assert rates.max() > 0.09
