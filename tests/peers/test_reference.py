"""The drivers of the peers give what the peers document, so that a comparison with them means something."""

from __future__ import annotations

import math

import numpy as np
import pytest
from peers.reference import ignite_rates, timm_rates, torch_rates, transformers_rates

pytestmark = pytest.mark.peers


def test_torch_one_cycle_peaks_after_its_first_phase_and_moves_the_momentum_against_it() -> None:
    parameters = {"max_lr": 1.0, "total_steps": 10}
    rates = torch_rates("OneCycleLR", 1.0, 10, **parameters)
    momentum = torch_rates("OneCycleLR", 1.0, 10, key="momentum", **parameters)
    assert rates[[0, 2, 9]] == pytest.approx([1 / 25, 1.0, 1 / 25 / 1e4])
    assert momentum[[0, 2, 9]] == pytest.approx([0.95, 0.85, 0.95])


def test_torch_plateau_lowers_the_rate_once_its_patience_is_over() -> None:
    rates = torch_rates("ReduceLROnPlateau", 1.0, 6, metrics=[1.0] * 6, patience=1)
    assert rates == pytest.approx([1, 1, 1, 0.1, 0.1, 0.01])


def test_torch_takes_what_a_function_builds_from_the_optimizer() -> None:
    import torch

    rates = torch_rates(lambda optimizer: torch.optim.lr_scheduler.StepLR(optimizer, 2, 0.5), [1.0, 0.1], 4)
    assert rates == pytest.approx(np.outer([1, 1, 0.5, 0.5], [1.0, 0.1]))


def test_timm_cosine_warms_up_within_its_length_and_holds_the_floor() -> None:
    rates = timm_rates("cosine", 1.0, 14, t_initial=10, warmup_t=4, lr_min=0.1)
    assert rates[:4] == pytest.approx([0, 0.25, 0.5, 0.75])
    assert rates[[5, 10, 13]] == pytest.approx([0.55, 0.1, 0.1])


def test_timm_multistep_acts_one_update_early() -> None:
    assert timm_rates("multistep", 1.0, 5, decay_t=[3], decay_rate=0.5) == pytest.approx([1, 1, 0.5, 0.5, 0.5])


@pytest.mark.parametrize(
    ("name", "parameters", "at_the_middle"),
    [
        ("tanh", {"t_initial": 8}, 0.5 * (1 + math.tanh(2))),
        ("poly", {"t_initial": 8}, math.sqrt(0.5)),
        ("step", {"decay_t": 4, "decay_rate": 0.25}, 0.25),
        ("constant", {}, 1.0),
        ("wsd", {"t_initial": 8, "decay_t": 8}, 1 - math.sqrt(0.5)),
        ("rsqrt", {"t_initial": 8, "decay_t": 8, "stable_timescale": 4}, 0.5 / math.sqrt(2)),
    ],
)
def test_timm_at_the_middle_of_eight_updates(name: str, parameters: dict[str, object], at_the_middle: float) -> None:
    rates = timm_rates(name, [1.0, 0.1], 8, **parameters)
    assert rates[0] == pytest.approx([1.0, 0.1])
    assert rates[4] == pytest.approx([at_the_middle, 0.1 * at_the_middle])


@pytest.mark.parametrize(
    ("scheduler_type", "specific", "expected"),
    [
        ("constant", {}, [1, 1, 1]),
        ("constant_with_warmup", {}, [0.5, 1, 1]),
        ("linear", {}, [0.5, 0.5, 0]),
        ("cosine", {}, [0.5, 0.5, 0]),
        ("cosine", {"num_cycles": 1}, [0.5, 0, 1]),
        ("cosine_with_restarts", {"num_cycles": 2}, [0.5, 1, 0]),
        ("polynomial", {"power": 2, "lr_end": 0}, [0.5, 0.25, 0]),
        ("inverse_sqrt", {}, [0.5, math.sqrt(1 / 3), math.sqrt(1 / 5)]),
        ("cosine_with_min_lr", {"min_lr_rate": 0.2}, [0.5, 0.6, 0.2]),
        ("cosine_warmup_with_min_lr", {"min_lr_rate": 0.2, "warmup_lr_rate": 0.5}, [1, 0.4469266, 0.2304482]),
        ("warmup_stable_decay", {"num_decay_steps": 4, "decay_type": "linear"}, [0.5, 1, 0]),
    ],
)
def test_transformers_after_one_update_at_the_middle_and_at_the_end(
    scheduler_type: str, specific: dict[str, float], expected: list[float]
) -> None:
    rates = transformers_rates(scheduler_type, 1.0, 11, num_warmup_steps=2, num_training_steps=10, **specific)
    assert rates[[1, 6, 10]] == pytest.approx(expected, abs=1e-12, rel=1e-6)


def test_transformers_schedulers_that_follow_a_metric() -> None:
    worse = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    lowered = transformers_rates("reduce_lr_on_plateau", 0.1, 6, metrics=worse, patience=1)
    assert lowered == pytest.approx([0.1, 0.1, 0.1, 0.01, 0.01, 0.001])
    both_ways = transformers_rates("greedy", 0.1, 6, metrics=[3.0, 2.0, 4.0, 5.0, 6.0, 7.0], patience=1, factor=0.5)
    assert both_ways == pytest.approx([0.1, 0.1, 0.2, 0.2, 0.1, 0.1])


def test_ignite_gives_the_values_of_its_documentation() -> None:
    cycle = {"start_value": 0.0, "end_value": 1.0, "cycle_size": 4}
    assert ignite_rates("LinearCyclicalScheduler", 1.0, 6, **cycle) == pytest.approx([0, 0.5, 1, 0.5, 0, 0.5])
    cosine = ignite_rates("CosineAnnealingScheduler", 1.0, 5, **cycle)
    assert cosine == pytest.approx([0, 0.1464466, 0.5, 0.8535534, 0])
    pieces = ignite_rates("PiecewiseLinear", [1.0, 1.0], 6, milestones_values=[(1, 1.0), (3, 0.8), (5, 0.2)])
    assert pieces == pytest.approx(np.outer([1.0, 1.0, 0.9, 0.8, 0.5, 0.2], [1, 1]))


def test_ignite_compositions_give_the_values_of_its_documentation() -> None:
    import torch

    concatenated = ignite_rates(
        lambda handlers, optimizer: handlers.ConcatScheduler(
            [
                handlers.LinearCyclicalScheduler(optimizer, "lr", 0.0, 1.0, 8),
                handlers.CosineAnnealingScheduler(optimizer, "lr", 1.0, 0.2, 4),
            ],
            durations=[4],
        ),
        1.0,
        8,
    )
    assert concatenated == pytest.approx([0, 0.25, 0.5, 0.75, 1.0, 0.8828427, 0.6, 0.3171573])
    warmed_up = ignite_rates(
        lambda handlers, optimizer: handlers.create_lr_scheduler_with_warmup(
            torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.98), 0.0, 3, 0.1
        ),
        0.1,
        6,
    )
    assert warmed_up == pytest.approx([0, 0.05, 0.1, 0.098, 0.09604, 0.0941192])
