"""Critical rates where they are known, and that looking for them leaves no trace."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrdesigner.child.probing import moments

pytestmark = pytest.mark.torch


@settings(max_examples=30, deadline=None)
@given(curvature=st.floats(0.1, 10.0), rate=st.floats(0.01, 1.0))
def test_on_a_parabola_under_sgd_it_is_two_over_the_curvature(curvature: float, rate: float) -> None:
    import torch

    from lrdesigner.child.critical_rate import LARGEST, Moved, critical_factors

    weight = torch.nn.Parameter(torch.tensor([1.0], dtype=torch.float64))
    before = weight.detach().clone()
    after = before - rate * curvature * before  # what SGD does with the gradient curvature x weight
    weight.data.copy_(after)
    found = critical_factors(
        lambda: 0.5 * curvature * float(weight.detach()) ** 2, {"all": [Moved(weight, before, after)]}
    )
    exact = 2 / (curvature * rate)
    assert found["all"] == found[""]
    assert found["all"].evaluations <= 10
    if exact > LARGEST:
        assert found["all"].factor is None
    else:
        assert found["all"].factor is not None
        assert exact * 0.999 <= found["all"].factor <= exact * 2 ** (1 / 8) * 1.001
    assert torch.equal(weight, after)


def test_a_group_that_did_not_move_has_none_and_costs_nothing() -> None:
    import torch

    from lrdesigner.child.critical_rate import Moved, critical_factors

    frozen, moving = (torch.nn.Parameter(torch.ones(2)) for _ in range(2))
    moving.data.fill_(0.5)
    moved = {
        "frozen": [Moved(frozen, torch.ones(2), torch.ones(2))],
        "moving": [Moved(moving, torch.ones(2), torch.full((2,), 0.5))],
    }
    found = critical_factors(lambda: float((frozen.sum() + moving.square().sum()).detach()), moved)
    assert (found["frozen"].factor, found["frozen"].evaluations) == (None, 0)
    assert found["moving"].factor == pytest.approx(4.0, rel=0.1)


def test_a_loss_that_is_no_number_counts_as_raised() -> None:
    import torch

    from lrdesigner.child.critical_rate import Moved, critical_factors

    weight = torch.nn.Parameter(torch.tensor([0.0]))
    before = torch.tensor([1.0])

    def loss() -> float:
        return math.nan if float(weight.detach()) < -1.5 else float(weight.detach())

    found = critical_factors(loss, {"all": [Moved(weight, before, torch.tensor([0.0]))]})
    assert found["all"].factor == pytest.approx(2.5, rel=0.1)


def test_buffers_and_random_numbers_are_as_before() -> None:
    import torch

    from lrdesigner.child.untouched import untouched

    model = torch.nn.Sequential(torch.nn.BatchNorm1d(3), torch.nn.Dropout())
    inputs = torch.randn(8, 3)
    state, kept = torch.get_rng_state(), {k: v.clone() for k, v in model.state_dict().items()}
    with untouched(model, torch.device("cpu")) as back:
        first = model(inputs)
        back()
        assert torch.equal(model(inputs), first)  # the same dropout again
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(kept[k], v) for k, v in model.state_dict().items())


@given(st.integers(1, 10_000), st.integers(0, 50))
def test_moments_are_spread_over_the_run(updates: int, wanted: int) -> None:
    found = moments(updates, wanted)
    assert len(found) == min(wanted, len(found)) <= max(wanted, 0)
    assert all(0 <= update < updates for update in found)
    if updates >= 2 * wanted > 0:
        assert len(found) == wanted
