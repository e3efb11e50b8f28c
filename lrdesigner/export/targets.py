"""What exported code can be for: each target adds its own lines to a file whose groups, shapes and checks are the same.

A target's templates get the same context as `torch_file.py.jinja`, see `python_file.py`. A file has no more than what
the design needs: where nothing freezes, no target speaks of freezing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType

from lrdesigner.document import Design
from lrdesigner.export.sharding import refuse_sharded
from lrdesigner.export.target_refusals import closures_refused, lightning_refused, trainer_refused

_DISTRIBUTED_IMPORTS: Mapping[str, tuple[str, ...]] = {"os": ("",), "torch.distributed as dist": ("",)}

_DISTRIBUTED_NAMES = (
    "dist",
    "os",
    "scaled_step",
    "mean_over_processes",
    "save_checkpoint",
    "load_checkpoint",
    "start_processes",
)


def _takes_all(_: Design) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Target:
    """One kind of training loop.

    `usage`, `adapter` and `main` are templates: the lines of the docstring that show how the file is used, the code
    between the resume helper and the script ("" for none), and `main()` itself; `batches` gives the script its data.
    Imports are "module" -> names, "" for the module itself; a file has those that its adapter and `main()` use.
    `packages` are what it needs besides torch, with the versions that it was tested with. `names` are the functions and
    classes that it adds. `refusal` says in a sentence why the target cannot take a design; "" where it can.
    """

    name: str
    title: str
    summary: str
    usage: str
    main: str
    adapter: str = ""
    batches: str = "torch_batches.jinja"
    packages: Mapping[str, str] = field(default_factory=dict)
    imports: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    names: tuple[str, ...] = ()
    refusal: Callable[[Design], str] = _takes_all


TARGETS: MappingProxyType[str, Target] = MappingProxyType(
    {
        target.name: target
        for target in (
            Target(
                name="torch",
                title="Plain PyTorch",
                summary="A training loop of your own, in torch alone.",
                usage="torch_usage.jinja",
                adapter="torch_step.jinja",
                main="torch_main.jinja",
                names=("scaled_step",),
            ),
            Target(
                name="ddp",
                title="DistributedDataParallel",
                summary="Processes that each hold the whole model, started by torchrun.",
                usage="distributed_usage.jinja",
                adapter="ddp_parts.jinja",
                batches="distributed_batches.jinja",
                main="distributed_main.jinja",
                imports={
                    **_DISTRIBUTED_IMPORTS,
                    "contextlib": ("nullcontext",),
                    "torch.nn.parallel": ("DistributedDataParallel",),
                },
                names=("wrap", "train", *_DISTRIBUTED_NAMES),
            ),
            Target(
                name="fsdp",
                title="FSDP2",
                summary="Processes that each hold a share of every parameter, started by torchrun.",
                usage="distributed_usage.jinja",
                adapter="fsdp_parts.jinja",
                batches="distributed_batches.jinja",
                main="distributed_main.jinja",
                imports={
                    **_DISTRIBUTED_IMPORTS,
                    "torch.distributed.checkpoint.state_dict": (
                        "StateDictOptions",
                        "get_model_state_dict",
                        "set_model_state_dict",
                    ),
                    "torch.distributed.fsdp": ("FSDPModule", "fully_shard"),
                    "torch.distributed.tensor": ("DTensor", "distribute_tensor"),
                },
                names=("shard", "share_buffers", *_DISTRIBUTED_NAMES),
                refusal=refuse_sharded,
            ),
            Target(
                name="accelerate",
                title="Accelerate",
                summary="A training loop with Hugging Face accelerate.",
                usage="accelerate_usage.jinja",
                adapter="accelerate_step.jinja",
                main="accelerate_main.jinja",
                packages={"accelerate": "1.15"},
                imports={
                    "accelerate": ("Accelerator",),
                    "accelerate.utils": ("DistributedDataParallelKwargs",),
                },
                names=("accelerated_step", "PlanState"),
                refusal=partial(closures_refused, "accelerate"),
            ),
            Target(
                name="transformers",
                title="Trainer of transformers",
                summary="The Trainer of Hugging Face transformers.",
                usage="transformers_usage.jinja",
                adapter="transformers_callback.jinja",
                main="transformers_main.jinja",
                packages={"transformers": "5.23", "accelerate": "1.15"},
                imports={
                    "functools": ("partial",),
                    "itertools": ("",),
                    "tempfile": ("",),
                    "transformers": ("Trainer", "TrainerCallback", "TrainingArguments"),
                },
                names=("build_pair", "PlanCallback", "BatchesOfPlan", "PlanTrainer", "only"),
                refusal=trainer_refused,
            ),
            Target(
                name="lightning",
                title="Lightning",
                summary="A LightningModule to inherit from.",
                usage="lightning_usage.jinja",
                adapter="lightning_module.jinja",
                main="lightning_main.jinja",
                packages={"lightning": "2.6"},
                imports={
                    "collections.abc": ("Iterator",),
                    "contextlib": ("contextmanager",),
                    "lightning": ("",),
                    "lightning.pytorch.utilities": ("rank_zero_warn",),
                },
                names=("DesignedOptimizers", "BatchesOfPlan", "Module", "_check_saved_groups"),
                refusal=lightning_refused,
            ),
        )
    }
)
