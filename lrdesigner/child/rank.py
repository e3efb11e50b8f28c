"""One process of a trial in several processes, started by torchrun."""

from __future__ import annotations

import faulthandler
import os
import sys
from typing import Any, NoReturn

from lrdesigner.child.failures import JobError
from lrdesigner.child.leftovers import kill_with_parent
from lrdesigner.child.rank_channel import RankChannel
from lrdesigner.child.rank_peers import Peers
from lrdesigner.child.session import Ending, described, files_of
from lrdesigner.child.trial_job import train
from lrdesigner.child.trial_settings import settings_of


def main() -> NoReturn:
    """`--rank FOLDER`: train as the request in the folder says, and end with one last message, or word of an error."""
    kill_with_parent()
    channel = RankChannel(sys.argv[2], int(os.environ["RANK"]))
    files: list[str] = []
    try:
        faulthandler.enable()
        ending = _run(channel, files)
    except BaseException as error:
        metrics = error.metrics if isinstance(error, JobError) else {}
        channel.fail({"lost": lost_another(error), "failure": described(error, files), "metrics": metrics})
    channel.end(*ending)


def _run(channel: RankChannel, files: list[str]) -> Ending:
    request = channel.request()
    if request is None:
        return "stopped", {}
    channel.start_heartbeat()
    files += files_of(request)
    if files:
        sys.argv = [files[0]]
    peers = Peers(sharded=settings_of(request).sharded)
    channel.peers = peers
    ending = train(request, channel, peers)
    peers.part()
    return ending


def lost_another(error: BaseException) -> bool:
    """Whether an exception says that another process has gone, whose own word or end tells why."""
    seen: list[BaseException] = []
    found: BaseException | None = error
    while found is not None and found not in seen:
        seen.append(found)
        found = found.__cause__ or found.__context__
    return any(_of_the_wire(one) for one in seen)


def _of_the_wire(error: BaseException) -> bool:
    if type(error).__name__ in ("DistBackendError", "DistNetworkError", "DistStoreError"):
        return True
    text: Any = str(error)
    return isinstance(error, RuntimeError) and ("gloo" in text or "NCCL" in text)
