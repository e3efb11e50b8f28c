"""What names in a checkpoint tell: wrappers around the model, and which tensors are buffers."""

from __future__ import annotations

from collections.abc import Callable, Collection

WRAPPERS = ("module", "_orig_mod", "_fsdp_wrapped_module")
"""What DataParallel/DDP, torch.compile and FSDP1 put in front of names; the last two also inside of them."""
_INNER = frozenset(WRAPPERS[1:])
_COUNTER = "n_averaged"
"""The one buffer of `AveragedModel`, which has the averaged model under `module`."""

_BUFFER_NAMES = frozenset(
    (
        "running_mean",
        "running_var",
        "num_batches_tracked",
        "inv_freq",
        "original_inv_freq",
        "relative_position_index",
        "relative_coords_table",
        "attn_mask",
        "position_ids",
        "token_type_ids",
        "masked_bias",
        "freqs_cis",
        "freqs_cos",
        "freqs_sin",
        "total_ops",
        "total_params",
        "n_averaged",
        "_u",
        "_v",
    )
)
_SPECTRAL = ("_u", "_v")


def unwrapped(names: list[str]) -> tuple[list[str], str]:
    """The names without wrappers, in the same order, and a sentence saying so ("" when there is nothing to say).

    A leading `module.` goes when every name has it. Names that would then coincide stay as they are.
    """
    found = names
    removed: list[str] = []
    while prefix := _common_prefix(found):
        found = [name if name == _COUNTER else name[len(prefix) + 1 :] for name in found]
        removed.append(prefix)
    if any(wrapper in name for name in found for wrapper in _INNER):
        inner = [".".join(part for part in name.split(".") if part not in _INNER) for name in found]
        removed += [wrapper for wrapper in WRAPPERS if any(wrapper in name.split(".") for name in found)][:2]
        found = inner
    if not removed or len(set(found)) < len(found) or not all(found):
        return names, ""
    listed = ", ".join(f"{wrapper}." for wrapper in dict.fromkeys(removed))
    return found, f"What wraps the model was taken off its names: {listed}"


def _common_prefix(names: list[str]) -> str:
    for wrapper in WRAPPERS:
        prefix = wrapper + "."
        if any(name.startswith(prefix) for name in names) and all(
            name.startswith(prefix) or name == _COUNTER for name in names
        ):
            return wrapper
    return ""


def looks_like_buffer(names: Collection[str]) -> Callable[[str, str], bool]:
    """A predicate of name and dtype: whether the tensor is a buffer, as far as these tell.

    Only floating and complex tensors can be trained; of those, the names of torch's and common libraries' buffers.
    """
    known = frozenset(names)

    def is_buffer(name: str, dtype: str) -> bool:
        if not dtype.startswith(("float", "bfloat", "complex", "unknown")):
            return True
        last = name.rpartition(".")[2]
        if last in _BUFFER_NAMES:
            return True
        # The old spectral_norm keeps the vectors of `weight` beside `weight_orig`.
        return last.endswith(_SPECTRAL) and f"{name[:-2]}_orig" in known

    return is_buffer
