from __future__ import annotations

import gzip
import itertools
from pathlib import Path
from typing import Any

import pytest

from lrdesigner_resources import path as resource_path

pytestmark = pytest.mark.torch

DIGITS = str(resource_path("demo/digits.bin.gz"))


@pytest.fixture(scope="module")
def digits() -> Any:
    from lrdesigner.child.digits import read_digits

    return read_digits(DIGITS)


def test_there_are_1797_digits_of_ten_classes(digits: Any) -> None:
    images, labels, greatest = digits
    assert tuple(images.shape) == (1797, 8, 8)
    assert (int(images.min()), int(images.max()), greatest) == (0, 16, 16)
    assert labels[:10].tolist() == list(range(10))
    assert labels.bincount().tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


def test_the_first_image_is_the_known_zero(digits: Any) -> None:
    assert digits[0][0].tolist()[:3] == [
        [0, 0, 5, 13, 9, 1, 0, 0],
        [0, 0, 13, 15, 10, 15, 5, 0],
        [0, 3, 15, 2, 0, 11, 8, 0],
    ]


def test_the_file_tells_nothing_about_the_machine_that_made_it() -> None:
    header = Path(DIGITS).read_bytes()[:10]
    assert header[3:8] == b"\0\0\0\0\0"
    assert header[9] == 255


@pytest.mark.parametrize("content", [b"", b"LRDIGIT1", b"x" * 200])
def test_another_file_is_refused(tmp_path: Path, content: bytes) -> None:
    from lrdesigner.child.digits import read_digits

    file = tmp_path / "digits.bin.gz"
    file.write_bytes(gzip.compress(content))
    with pytest.raises(ValueError, match="digits"):
        read_digits(str(file))


def test_the_demo_holds_out_the_same_fifth_whatever_the_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    from lrdesigner.child.data.trial_data import trial_data

    monkeypatch.setenv("LRDESIGNER_DEMO_DATA", DIGITS)
    model = torch.nn.Sequential(torch.nn.Conv2d(3, 2, 3), torch.nn.Flatten(), torch.nn.Linear(2 * 30 * 30, 10))
    first, second = (trial_data("demo", model, 32, seed) for seed in (0, 1))
    assert first.test is not None
    assert second.test is not None
    assert tuple(first.test.positional[0].shape) == (360, 3, 32, 32)
    assert first.test.targets.equal(second.test.targets)
    assert (first.classes, first.evidence) == (10, True)
    batch = next(first.batches)
    assert tuple(batch.positional[0].shape) == (32, 3, 32, 32)
    assert abs(float(batch.positional[0].mean())) < 0.2
    assert not batch.targets.equal(next(second.batches).targets)


@pytest.mark.parametrize(("count", "batch_size"), [(10, 3), (10, 4), (3, 7), (5, 5), (7, 1)])
def test_every_epoch_uses_every_sample_once_in_full_batches(count: int, batch_size: int) -> None:
    import torch

    from lrdesigner.child.data.batch import shuffled

    batches = list(itertools.islice(shuffled(count, batch_size, 0), count))
    assert {len(chosen) for chosen in batches} == {batch_size}
    epochs = torch.cat(batches).reshape(batch_size, count)
    assert all(sorted(epoch.tolist()) == list(range(count)) for epoch in epochs)
