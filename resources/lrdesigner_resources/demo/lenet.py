"""The small convolutional network of the tutorial: 3x32x32 images in, scores of ten classes out."""

from __future__ import annotations

import torch  # noqa: TID253 - a model file; only child processes import it
from torch import nn  # noqa: TID253


class LeNet(nn.Module):
    """Two convolutions that find features, three linear layers that tell classes."""

    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 6, kernel_size=5),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(6, 16, kernel_size=5),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )
        self.classifier = nn.Sequential(
            nn.Flatten(),
            nn.Linear(16 * 5 * 5, 120),
            nn.ReLU(),
            nn.Linear(120, 84),
            nn.ReLU(),
            nn.Linear(84, classes),
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Give the scores, one row per image."""
        scores: torch.Tensor = self.classifier(self.features(images))
        return scores
