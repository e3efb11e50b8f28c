"""Small models of many kinds, by what they take; torch is imported with them, so tests import this when they run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn


def images_to(features: int, channels: int = 3) -> nn.Module:
    return nn.Sequential(nn.Conv2d(channels, 4, 3, 2), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, features))


class Patches(nn.Module):
    """As vision transformers are: one size of image alone."""

    def __init__(self, side: int) -> None:
        super().__init__()
        self.embed = nn.Conv2d(1, 8, 4, 4)
        self.pos = nn.Parameter(torch.zeros(1, (side // 4) ** 2, 8))
        self.norm = nn.BatchNorm1d(8)
        self.drop = nn.Dropout(0.5)
        self.head = nn.Linear(8, 10)

    def forward(self, images: Any) -> Any:
        tokens = self.embed(images).flatten(2).transpose(1, 2) + self.pos
        return self.head(self.drop(self.norm(tokens.mean(dim=1))))


class Language(nn.Module):
    def __init__(self, vocabulary: int = 65, positions: int = 24) -> None:
        super().__init__()
        self.pos_emb = nn.Embedding(positions, 8)
        self.token_emb = nn.Embedding(vocabulary, 8)
        self.head = nn.Linear(8, vocabulary)

    def forward(self, ids: Any) -> Any:
        return self.head(self.token_emb(ids) + self.pos_emb(torch.arange(ids.shape[1])))


class WithTargets(Language):
    """Returns scores of the last place alone, unless it is given targets."""

    def forward(self, ids: Any, targets: Any = None) -> Any:  # type: ignore[override]
        scores = super().forward(ids)
        if targets is None:
            return scores[:, [-1], :], None
        return scores, nn.functional.cross_entropy(scores.flatten(0, 1), targets.flatten())


class ByName(Language):
    """Called by names, and shifts the labels itself."""

    def forward(self, input_ids: Any, attention_mask: Any = None, labels: Any = None) -> Any:  # type: ignore[override]
        scores = super().forward(input_ids)
        if labels is None:
            return {"logits": scores}
        assert labels is input_ids or labels.equal(input_ids)
        return {"loss": nn.functional.cross_entropy(scores[:, :-1].flatten(0, 1), labels[:, 1:].flatten())}

    @property
    def dummy_inputs(self) -> Any:
        return {"input_ids": torch.tensor([[7, 6, 0], [1, 2, 3]]), "attention_mask": torch.ones(2, 3).long()}


class Classifier(nn.Module):
    """Of whole sentences."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.head = nn.Embedding(30, 4), nn.Linear(4, 3)

    def forward(self, ids: Any) -> Any:
        return self.head(self.words(ids).mean(dim=1))


class Waves(nn.Module):
    """Takes a signal without a dimension for channels."""

    def __init__(self) -> None:
        super().__init__()
        self.listen, self.head = nn.Conv1d(1, 4, 9), nn.Linear(4, 3)

    def forward(self, wave: Any) -> Any:
        return self.head(self.listen(wave[:, None]).mean(dim=2))


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.GRU(5, 6, batch_first=True)

    def forward(self, x: Any) -> Any:
        return self.rnn(x)[0][:, -1]


class Two(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.words, self.head = nn.Embedding(9, 4), nn.Linear(4, 2)

    def forward(self, x: Any, *, ids: Any, mask: Any) -> Any:
        assert mask.dtype == torch.bool
        assert x.dtype == torch.float16
        return self.head(self.words(ids)).mean(dim=1) + x.float().mean()


class Strange(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(3))

    def forward(self, x: Any, y: Any) -> Any:
        return self.weight * x * y


MODELS: dict[str, Callable[[], nn.Module]] = {
    "images": lambda: images_to(10),
    "grey images": lambda: images_to(10, 1),
    "five channels": lambda: images_to(10, 5),
    "doubles": lambda: images_to(10).double(),
    "patches of 28": lambda: Patches(28),
    "patches of 64": lambda: Patches(64),
    "patches of 96": lambda: Patches(96),
    "patches of 20": lambda: Patches(20),
    "flat 784": lambda: nn.Sequential(nn.Flatten(), nn.Linear(784, 10)),
    "flat 3072": lambda: nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, 10)),
    "pixel vectors": lambda: nn.Sequential(nn.Linear(64, 10)),
    "vectors": lambda: nn.Linear(7, 3),
    "one number": lambda: nn.Linear(7, 1),
    "text": Language,
    "long text": lambda: Language(256, 64),
    "text with targets": WithTargets,
    "text by name": ByName,
    "signals": lambda: nn.Sequential(nn.Conv1d(2, 4, 9), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(4, 3)),
    "waves": Waves,
    "sentences": Classifier,
    "pixels": lambda: nn.Conv2d(3, 5, 3, padding=1),
    "autoencoder": lambda: nn.Conv2d(3, 3, 3, padding=1),
    "sequences": Recurrent,
    "encoder": lambda: nn.TransformerEncoderLayer(8, 2, 16, batch_first=True),
    "two inputs": Two,
    "strange": Strange,
}
