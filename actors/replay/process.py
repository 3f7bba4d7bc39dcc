"""The process of a rehearsal: it reads what to do from its input, and writes what comes of it."""

import os
import pickle  # Between a process and its own child.
import resource
import signal
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from actors.replay.runner import ReplayPlan
    from moca.core.replay_comparison import Rehearsal
    from moca.settings.sections import Settings

COMMAND = "from actors.replay.process import main; main()"
MAX_CPU_SECONDS = 20 * 60
_MAX_SECONDS = 2 * 60 * 60
_MAX_MEMORY_BYTES = 2**30
_LOWEST_PRIORITY = 19
_STEP = 0.005
"""Of the progress that is told."""


class RehearsalProblem(str):
    """Why a rehearsal failed, in place of its result."""

    __slots__ = ()


def main() -> None:
    """Rehearse what is read from the standard input. Ends when nothing reads its output."""
    _limit()
    output = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # Nothing but what is meant for the parent may be in its pipe.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    url, settings, plan = pickle.load(sys.stdin.buffer)  # noqa: S301
    _tell(output, _rehearsed(url, settings, plan, _progress(output)))


def _rehearsed(
    url: str, settings: "Settings", plan: "ReplayPlan", progress: Callable[[float], None]
) -> "Rehearsal | RehearsalProblem":
    import peewee  # noqa: PLC0415 - within the limits

    from actors.replay.runner import rehearse  # noqa: PLC0415
    from moca.core.bots.documents import BadDocument  # noqa: PLC0415
    from moca.logs import set_up_logs  # noqa: PLC0415
    from moca.replies.generator import BadGenerator  # noqa: PLC0415

    set_up_logs("CRITICAL", settings.log.format)
    try:
        return rehearse(url, settings, plan, progress)
    except (BadDocument, BadGenerator, ValueError, peewee.PeeweeException) as error:
        return RehearsalProblem(f"The rehearsal failed: {type(error).__name__}.")
    except MemoryError:
        return RehearsalProblem("The rehearsal needs too much memory. Choose a shorter time.")


def _limit() -> None:
    os.nice(_LOWEST_PRIORITY)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Ends it, too, if it waits for something forever.
    signal.alarm(_MAX_SECONDS)
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_CPU_SECONDS, MAX_CPU_SECONDS + 5))
    resource.setrlimit(resource.RLIMIT_DATA, (_MAX_MEMORY_BYTES, _MAX_MEMORY_BYTES))


def _progress(output: BinaryIO) -> Callable[[float], None]:
    last = 0.0

    def tell(share: float) -> None:
        nonlocal last
        if share >= last + _STEP:
            last = share
            _tell(output, share)

    return tell


def _tell(output: BinaryIO, told: object) -> None:
    try:
        pickle.dump(told, output)
        output.flush()
    except BrokenPipeError:
        os._exit(0)
