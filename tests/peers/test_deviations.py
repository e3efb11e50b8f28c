"""Each intended deviation from a peer is real, and is all there is in its example."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from peers.comparison import as_saved, differing, drawn
from peers.deviations import DEVIATIONS, Deviation, Differs, Fails, Refused

pytestmark = pytest.mark.peers


def examples(kind: type) -> pytest.MarkDecorator:
    found = [deviation for deviation in DEVIATIONS if isinstance(deviation.shown, kind)]
    return pytest.mark.parametrize("deviation", found, ids=lambda it: f"{it.peer} {it.scheduler}: {it.differs[:60]}")


@examples(Differs)
def test_the_two_differ_at_these_updates_and_nowhere_else(deviation: Deviation) -> None:
    shown = deviation.shown
    assert isinstance(shown, Differs)
    assert differing(shown.real(), shown.ours, shown.base) == list(shown.at)


@examples(Refused)
def test_the_peer_takes_it_and_a_field_of_ours_refuses_it(deviation: Deviation) -> None:
    shown = deviation.shown
    assert isinstance(shown, Refused)
    assert np.isfinite(shown.real()).all()
    with pytest.raises((ValueError, msgspec.ValidationError)):
        as_saved(shown.ours())


@examples(Fails)
def test_the_peer_raises_and_ours_goes_on(deviation: Deviation) -> None:
    shown = deviation.shown
    assert isinstance(shown, Fails)
    with pytest.raises(shown.error):
        shown.real()
    values = drawn(shown.ours, 1.0, 100)
    assert np.isfinite(values).all()
    assert (values >= 0).all()
