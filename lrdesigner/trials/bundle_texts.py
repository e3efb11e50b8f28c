"""What a bundle holds besides data: the program that runs it, the one that submits it to SLURM, and how to launch."""

from __future__ import annotations

from collections.abc import Sequence

RUN = '''"""Does the runs of this sweep that nobody has done yet; any number of these share the work.

Needs Python 3.10 or newer with torch, and nothing else. See README.txt.
"""

import os
import sys

folder = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, folder)

from lrdesigner.child.worker import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main(folder, sys.argv[1:]))
'''

SUBMIT = '''"""Submits workers of this sweep to SLURM as an array of jobs, or runs them here with --local.

Needs submitit (pip install submitit) on the machine that submits. Each job is one run.py on one node.
"""

import argparse
import os
import subprocess
import sys

FOLDER = os.path.dirname(os.path.abspath(__file__))


def work(index, python, arguments):
    """One worker: what submitit runs on a node."""
    return subprocess.call([python, os.path.join(FOLDER, "run.py"), *arguments])


def main():
    parser = argparse.ArgumentParser(description="Submit workers of this sweep to SLURM.")
    parser.add_argument("--workers", type=int, default={workers}, help="jobs in the array; default: %(default)s")
    parser.add_argument("--gpus", type=int, default=1, help="GPUs of each job; 0: none")
    parser.add_argument("--cpus", type=int, default=4, help="CPUs of each job")
    parser.add_argument("--minutes", type=int, default=60, help="time limit of each job")
    parser.add_argument("--partition", default="", help="the SLURM partition")
    parser.add_argument("--python", default=sys.executable, help="the Python with torch on the nodes")
    parser.add_argument("--local", action="store_true", help="run the workers on this machine, without SLURM")
    options, arguments = parser.parse_known_args()

    import submitit

    executor = submitit.AutoExecutor(os.path.join(FOLDER, "logs"), cluster="local" if options.local else None)
    executor.update_parameters(
        name="lrdesigner-sweep",
        timeout_min=options.minutes,
        cpus_per_task=options.cpus,
        gpus_per_node=0 if options.local else options.gpus,
    )
    if options.partition:
        executor.update_parameters(slurm_partition=options.partition)
    count = options.workers
    jobs = executor.map_array(work, range(count), [options.python] * count, [arguments] * count)
    submitted = ", ".join(job.job_id for job in jobs)
    print(f"Submitted {submitted}; results appear in {os.path.join(FOLDER, 'results')}")
    if options.local:
        return max(job.result() for job in jobs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
'''

README = """A sweep of LR Designer: {runs} runs of {variants} variants. It needs Python 3.10 or newer with torch,
and nothing else.

On this or any other machine that sees this folder, as often as there are devices:

    python run.py

On SLURM (needs submitit where it is submitted):

    python submit.py --workers {workers} --gpus 1 --minutes 60

Runs that were stopped, or whose machine died, are taken up by the next worker; `python run.py --again` runs those
again that failed. The results are in results/, a file of JSON lines for each run. LR Designer shows them, also while
they grow:

    lrdesigner sweep-results {name}

{notes}"""

MOST_WORKERS = 8


def submit_text(runs: int) -> str:
    """The program that submits workers."""
    return SUBMIT.replace("{workers}", str(min(runs, MOST_WORKERS)))


def readme_text(name: str, runs: int, variants: int, notes: Sequence[str]) -> str:
    """How to launch, and what the other machine needs."""
    told = "".join(f"- {note}\n" for note in notes)
    return README.format(
        runs=runs,
        variants=variants,
        workers=min(runs, MOST_WORKERS),
        name=name,
        notes=f"What it needs and what it holds:\n{told}" if told else "",
    )
