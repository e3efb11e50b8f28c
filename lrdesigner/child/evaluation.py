"""What a trained model makes of the samples that were held out."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from lrdesigner.child.data.taken import evaluating
from lrdesigner.child.losses import loss_of, output_of, scores_in

if TYPE_CHECKING:
    from lrdesigner.child.training import Training

TEST_BATCH = 256


def measured(training: Training, stopped: Callable[[], bool]) -> dict[str, float]:
    """`test_accuracy`, the share of the samples told right, where the data has classes; else `test_loss`, their mean.

    Nothing without such samples, when stopped, or where the loss is not finite. The model is in evaluation mode
    meanwhile, and as before afterwards.
    """
    import torch

    data, size = training.data, min(TEST_BATCH, max(training.settings.batch_size, 1))
    if data.test is None:
        return {}
    total, count = 0.0, data.test.size
    with evaluating(training.model), torch.no_grad(), training.precision.autocast():
        for start in range(0, count, size):
            if stopped():
                return {}
            batch = data.test.part(start, start + size).to(training.device)
            output = output_of(training.model, batch, "the test")
            if data.classes is None:
                total += float(loss_of(output, batch, "the test", data)) * batch.size
            else:
                total += int((scores_in(output).argmax(dim=1) == batch.targets).sum())
    if not math.isfinite(total):  # which a report cannot hold
        return {}
    return {"test_loss" if data.classes is None else "test_accuracy": total / count}
