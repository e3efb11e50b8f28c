"""Builds every architecture of timm, torchvision and transformers without weights, and says what failed and why.

Run it in an environment that has them: `python benchmarks/all_builds.py [timm] [torchvision] [transformers]`. A few
processes share the work; one that dies is replaced, and loses the one model that it was building.
"""

from __future__ import annotations

import collections
import json
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

LIBRARIES = ("timm", "torchvision", "transformers")
WORKERS = 2
RUNGS = ("meta", "hybrid", "cpu")
LIMIT_S = 300
MEMORY = 6 * 1024**3


def main() -> None:
    """Build all of the libraries that are named, or of all three, and print a table and the failures."""
    for library in sys.argv[1:] or LIBRARIES:
        started = time.perf_counter()
        names: queue.SimpleQueue[str] = queue.SimpleQueue()
        known = _names(library)
        for name in known:
            names.put(name)
        results: list[dict[str, Any]] = []
        threads = [threading.Thread(target=_serve, args=(library, names, results)) for _ in range(WORKERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        _tell(library, known, results, time.perf_counter() - started)


def _tell(library: str, known: list[str], results: list[dict[str, Any]], seconds: float) -> None:
    by_rung = collections.Counter(result["rung"] for result in results)
    parameters = sum(result.get("parameters", 0) for result in results)
    print(f"{library}: {len(known)} architectures in {seconds:.0f} s, {parameters:,} parameters listed")
    for rung in (*RUNGS, "failed"):
        print(f"  {rung}: {by_rung[rung]}")
    for result in sorted(results, key=lambda result: str(result.get("why"))):
        if result["rung"] == "failed":
            print(f"    {result['name']}: {result['why']}")
        elif result["rung"] != "meta":
            print(f"    {result['name']} ({result['rung']}): {result['why']}")


def _serve(library: str, names: queue.SimpleQueue[str], results: list[dict[str, Any]]) -> None:
    """Let one worker after the other build what is left."""
    while not names.empty():
        command = [sys.executable, __file__, "--worker", library]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
        with subprocess.Popen(command, **pipes) as worker:  # type: ignore[call-overload]
            while True:
                try:
                    name = names.get_nowait()
                except queue.Empty:
                    worker.stdin.close()
                    break
                watchdog = threading.Timer(LIMIT_S, worker.kill)
                watchdog.start()
                answer = _asked(worker, name)
                watchdog.cancel()
                if answer is None:
                    results.append({"name": name, "rung": "failed", "why": f"died (exit code {worker.wait()})"})
                    break
                results.append(answer)


def _asked(worker: Any, name: str) -> dict[str, Any] | None:
    try:
        worker.stdin.write(name + "\n")
        worker.stdin.flush()
        answer: dict[str, Any] = json.loads(worker.stdout.readline())
    except (OSError, ValueError):
        return None
    return answer


def work(library: str) -> None:
    """Build the models whose names come on stdin; one line of JSON for each."""
    define_operators()
    answers = sys.stdout
    sys.stdout = sys.stderr
    from lrdesigner.child.memory import limit_memory

    limit_memory(MEMORY)
    with tempfile.TemporaryDirectory() as folder:
        for line in sys.stdin:
            answer = _built(_source(library, line.strip(), Path(folder)))
            answers.write(json.dumps({"name": line.strip(), **answer}) + "\n")
            answers.flush()


def _built(source: str) -> dict[str, Any]:
    from lrdesigner.child.build_model import build_model
    from lrdesigner.child.failures import BuildError, JobError
    from lrdesigner.child.model_walk import module_rows, parameter_rows

    why = ""
    for rung in RUNGS:
        try:
            model = build_model(source, {}, rung)
        except BuildError as error:
            why = why or str(error)
            if rung == "meta" and "meta" not in why:
                break
            continue
        except JobError as error:
            return {"rung": "failed", "why": str(error)}
        modules = sum(1 for _ in module_rows(model, {}))
        return {
            "rung": rung,
            "why": why,
            "modules": modules,
            "parameters": sum(1 for _ in parameter_rows(model)),
        }
    return {"rung": "failed", "why": why}


def _source(library: str, name: str, folder: Path) -> str:
    if library != "transformers":
        return f"{library}:{name}"
    file = folder / "config.json"
    file.write_text(json.dumps({"model_type": name}))
    return f"transformers:{file}"


def _names(library: str) -> list[str]:
    """Every architecture, as a fresh process tells it."""
    code = f"import all_builds; print(chr(10).join(all_builds.listed({library!r})))"
    folder = str(Path(__file__).parent)
    found = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True)
    return found.stdout.split()


def listed(library: str) -> Iterator[str]:
    """The names that the installed library knows."""
    define_operators()
    if library == "timm":
        import timm

        yield from timm.list_models()
    elif library == "torchvision":
        import torchvision

        yield from torchvision.models.list_models()
    else:
        import transformers

        yield from transformers.CONFIG_MAPPING


def define_operators() -> None:
    """Let torchvision be imported where its compiled part, which belongs to another torch, cannot be loaded."""
    import torch

    library = torch.library.Library("torchvision", "FRAGMENT")
    KEPT.append(library)
    box = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
    for name in ("nms", "qnms"):
        if not hasattr(torch.ops.torchvision, name):
            library.define(f"{name}{box}")


KEPT: list[Any] = []
"""Definitions end with the object that made them."""

if __name__ == "__main__":
    if sys.argv[1:2] == ["--worker"]:
        work(sys.argv[2])
    else:
        main()
