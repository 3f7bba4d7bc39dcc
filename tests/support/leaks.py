import gc
import threading
from collections.abc import Iterable

from actors.runtime.actor import MailboxActor

PATIENCE_SECONDS = 2.0
NOT_OURS = ("pytest", "hypothesis", "waitpid")


def left_behind(before: set[threading.Thread], started: Iterable[MailboxActor]) -> list[str]:
    """Return the threads begun since `before` and the reachable actors that are still alive."""
    return sorted(live_threads(before) + live_actors(started))


def live_threads(before: set[threading.Thread]) -> list[str]:
    begun = [
        thread
        for thread in threading.enumerate()
        if thread not in before and not thread.name.startswith(NOT_OURS)
    ]
    for thread in begun:
        thread.join(PATIENCE_SECONDS)
    return [f"thread {thread.name}" for thread in begun if thread.is_alive()]


def live_actors(started: Iterable[MailboxActor]) -> list[str]:
    if any(not actor.actor_stopped.is_set() for actor in started):
        # An unreachable actor is gone, but it forms a cycle with its mailbox.
        gc.collect()
    return [f"actor {actor}" for actor in started if not actor.actor_stopped.is_set()]
