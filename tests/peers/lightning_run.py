"""Started by torchrun: trains through exported files under Lightning's DDP, and tells what each process held."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

import lightning
import torch

STEPS = 8


class Batches(torch.utils.data.IterableDataset[Any]):
    """Others in each process."""

    def __iter__(self) -> Any:
        for step in range(STEPS):
            generator = torch.Generator().manual_seed(1000 * step + torch.distributed.get_rank())
            yield torch.randn(6, 2, generator=generator)


def report(file: Any) -> dict[str, Any]:
    torch.manual_seed(0)

    class Net(file.DesignedOptimizers):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.model = torch.nn.Sequential()
            self.model.add_module("stem", torch.nn.BatchNorm1d(2))
            self.model.add_module("head", torch.nn.Linear(2, 1))
            self.rates: list[dict[str, float]] = []
            self.stems: list[list[float]] = []

        def training_step(self, batch: Any, batch_idx: int) -> Any:
            optimizers = self.optimizers(use_pl_optimizer=False)
            several = isinstance(optimizers, list)
            groups = [g for o in (optimizers if several else [optimizers]) for g in o.param_groups]
            self.rates.append({group["name"]: group["lr"] for group in groups})
            self.stems.append(self.model.stem.weight.tolist())
            loss = self.model(batch).square().mean()
            self.log("train_loss", loss, sync_dist=True)
            return self.optimize(loss, batch_idx) if several else loss

    net = Net()
    trainer = lightning.Trainer(
        accelerator="cpu",
        devices=2,
        strategy="ddp_find_unused_parameters_true" if "thaw" in file.__name__ else "ddp",
        max_steps=STEPS * (2 if hasattr(file, "build_optimizers") else 1),
        max_epochs=1,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(net, torch.utils.data.DataLoader(Batches(), batch_size=None))
    weights = {name: p.flatten().tolist() for name, p in net.model.named_parameters()}
    return {"rates": net.rates, "stems": net.stems, "weights": weights}


def main() -> None:
    folder = Path(sys.argv[1])
    sys.path.insert(0, str(folder))
    torch.set_num_threads(1)
    found = {path.stem: report(importlib.import_module(path.stem)) for path in sorted(folder.glob("case_*.py"))}
    (folder / f"rank{torch.distributed.get_rank()}.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main()
