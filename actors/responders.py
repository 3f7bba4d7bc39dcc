import contextlib
from collections.abc import Callable
from typing import Any

import pykka

from actors.dependencies import Dependencies
from actors.generation import GenerationRequests
from actors.responder import QuickResponderActor, ResponderActor
from actors.runtime.dispatchers import QUICK_RESPONDERS
from actors.runtime.mailbox import Dispatcher
from actors.runtime.pool import start_pool
from moca.core.messages.replies import CheckImmediateReply, GenerateReply, GenerationStarted
from moca.core.types import ContactKey


class Responders:
    """Makes the requested replies; those that need no call have their own threads.

    A slow generator occupies a responder; rules and fixed texts before it in the chain have their
    own responders, so that they answer at once however many are occupied. `len()` is the number of
    waiting requests.
    """

    def __init__(
        self,
        dependencies: Dependencies,
        dispatcher: Dispatcher,
        *,
        notify: Callable[[Any], None],
        show: Callable[[GenerateReply], None] | None,
    ) -> None:
        self._requests = GenerationRequests()
        self._notify = notify
        self._show = show
        parts: dict[str, Any] = {
            "at_once": 1,
            "requests": self._requests,
            "notify": notify,
            "recall": dependencies.recall,
            "bot_of": dependencies.bot_of,
            "escalate": dependencies.escalate,
        }
        self._bot_of = dependencies.bot_of
        self._slow = start_pool(ResponderActor, dependencies.responders, dispatcher, **parts)
        self._quick = start_pool(
            QuickResponderActor, QUICK_RESPONDERS, dispatcher, hand_on=self._slow.tell, **parts
        )

    def __len__(self) -> int:
        return len(self._requests)

    def __bool__(self) -> bool:
        # Truthy even when empty.
        return True

    def generate(self, asked: GenerateReply) -> None:
        """Request a reply, unless this very request is under way. Thread-safe."""
        started_at = self._requests.started_at(asked)
        if started_at is not None:
            self._notify(GenerationStarted(*asked.key, started_at))
        elif self._requests.add(asked):
            if self._show is not None:
                self._show(asked)
            quick = self._bot_of(asked.contact.account_id).quick
            (self._slow if quick is None else self._quick).tell(asked)

    def check(self, check: CheckImmediateReply) -> None:
        """Check the rules at the start of the chain. Thread-safe."""
        self._quick.tell(check)

    def withdraw(self, contact: ContactKey, first_id: int) -> None:
        """Withdraw a requested reply, unless it is under way. Thread-safe."""
        self._requests.withdraw(contact, first_id)

    def stop(self) -> None:
        """Stop without waiting for replies under way."""
        for pool in (self._quick, self._slow):
            with contextlib.suppress(pykka.Timeout):
                pool.stop(timeout=0)
