"""JSON of files that nobody vouches for."""

from __future__ import annotations

import json
from typing import Any

from lrdesigner.readers.contents import ReadError
from lrdesigner.readers.rows import short


def json_object(text: bytes, what: str) -> dict[str, Any]:
    """The object that `text` holds; `what` names it in a sentence, such as "Its header". No key may stand twice."""
    try:
        found = json.loads(text, object_pairs_hook=_without_duplicates)
    except ReadError:
        raise
    except (ValueError, RecursionError) as error:
        raise ReadError(f"{what} is no JSON that can be read: the file is truncated or damaged.") from error
    if not isinstance(found, dict):
        raise ReadError(f"{what} is JSON of another kind than expected: an object with names is needed.")
    return found


def child(value: object, *keys: str) -> Any:
    """What lies under these keys, one inside the other; None where there is nothing."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def entries(value: object) -> list[tuple[str, Any]]:
    """The items of an object, none of anything else."""
    return list(value.items()) if isinstance(value, dict) else []


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ReadError(f"The name {short(twice)!r} stands in it twice.")
    return found
