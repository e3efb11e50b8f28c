"""Opening big models against building the same models bare on meta: ratios of time and of peak memory.

`python benchmarks/models.py`: a mixture of experts with 100,000 parameter tensors, one module per expert, and, where
transformers is installed, a model of the shape of Llama 70B. Each number is the median of a few fresh processes.
"""

from __future__ import annotations

import importlib.util
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

REPEATS = 3

EXPERTS = """
from torch import nn

class Expert(nn.Module):
    def __init__(self, width, hidden):
        super().__init__()
        self.gate = nn.Linear(width, hidden, bias=False)
        self.up = nn.Linear(width, hidden, bias=False)
        self.down = nn.Linear(hidden, width, bias=False)
        self.act = nn.SiLU()

class Layer(nn.Module):
    def __init__(self, width, hidden, experts):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.router = nn.Linear(width, experts, bias=False)
        self.experts = nn.ModuleList(Expert(width, hidden) for _ in range(experts))

def mixture():
    return nn.Sequential(*(Layer(4096, 1536, 512) for _ in range(65)))
"""

LLAMA = {
    "model_type": "llama",
    "architectures": ["LlamaForCausalLM"],
    "hidden_size": 8192,
    "intermediate_size": 28672,
    "num_hidden_layers": 80,
    "num_attention_heads": 64,
    "num_key_value_heads": 8,
    "vocab_size": 128256,
}


def main() -> None:
    """Measure and print a table."""
    with tempfile.TemporaryDirectory() as folder:
        experts = Path(folder) / "experts.py"
        experts.write_text(EXPERTS)
        config = Path(folder) / "config.json"
        config.write_text(json.dumps(LLAMA))
        sources = [f"{experts}:mixture"]
        if importlib.util.find_spec("transformers"):
            sources.append(f"transformers:{config}")
        print("model, tensors | bare s, opened s, ratio | bare MiB, opened MiB, ratio")
        for source in sources:
            _tell(source, *([_measured(what, source) for _ in range(REPEATS)] for what in ("bare", "opened")))


def _tell(source: str, bare: list[dict[str, Any]], opened: list[dict[str, Any]]) -> None:
    seconds = [statistics.median(run["seconds"] for run in runs) for runs in (bare, opened)]
    peaks = [statistics.median(run["peak"] for run in runs) for runs in (bare, opened)]
    print(
        f"{Path(source).name}, {opened[0]['tensors']:,} | {seconds[0]:.2f}, {seconds[1]:.2f}, "
        f"{seconds[1] / seconds[0]:.2f} | {peaks[0]:.0f}, {peaks[1]:.0f}, {peaks[1] / peaks[0]:.2f}"
    )


def _measured(what: str, source: str) -> dict[str, Any]:
    command = [sys.executable, __file__, what, source]
    found: dict[str, Any] = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return found


def bare(source: str) -> dict[str, Any]:
    """Build on meta as anybody would, and count the parameters."""
    import torch

    imported = time.perf_counter()
    if source.startswith("transformers:"):
        import transformers

        config = transformers.AutoConfig.from_pretrained(source.partition(":")[2])
        with torch.device("meta"):
            model = transformers.AutoModelForCausalLM.from_config(config)
    else:
        file, name = source.rsplit(":", 1)
        spec = importlib.util.spec_from_file_location("experts", file)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        with torch.device("meta"):
            model = getattr(module, name)()
    tensors = len(list(model.parameters()))
    return {"seconds": time.perf_counter() - imported, "tensors": tensors, "peak": _peak(resource.RUSAGE_SELF)}


def opened(source: str) -> dict[str, Any]:
    """Open it as the program does: a child that builds and reports, and a parent that decodes all of it.

    As with the bare build the time runs from when torch is imported, and importing a library counts.
    """
    from lrdesigner.jobs.protocol import AnyReport, Hello, InspectRequest, InventoryChunk, joined
    from lrdesigner.jobs.run import run_job

    chunks: list[InventoryChunk] = []
    ready = [0.0]

    def take(report: AnyReport) -> None:
        if isinstance(report, Hello):
            ready[0] = time.perf_counter()
        elif isinstance(report, InventoryChunk):
            chunks.append(report)

    outcome = run_job(InspectRequest(source), take)
    assert outcome.succeeded, outcome.message
    tensors = len(joined(chunks).parameters)
    return {"seconds": time.perf_counter() - ready[0], "tensors": tensors, "peak": _peak(resource.RUSAGE_CHILDREN)}


def _peak(who: int) -> float:
    """The largest resident set in MiB."""
    scale = 1024**2 if sys.platform == "darwin" else 1024
    return resource.getrusage(who).ru_maxrss / scale


if __name__ == "__main__":
    measures = {"bare": bare, "opened": opened}
    if sys.argv[1:2] and sys.argv[1] in measures:
        print(json.dumps(measures[sys.argv[1]](sys.argv[2])))
    else:
        main()
