"""A day of a Moca, run by the whole system on a frozen clock and left on disk."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from actors.config import conversation_policy, sender_policy
from moca import clock
from moca.core.types import ContactKey
from moca.settings.sections import Settings
from tests.support.factory import ANNA
from tests.support.frozen_time import frozen_at
from tests.support.system import SteppedSystem


class History:
    """A system whose Instagram posts its webhooks, including the echoes of replies."""

    def __init__(self, system: SteppedSystem) -> None:
        self.system = system
        self._echoed = 0

    def receive(self, text: str, mid: str, contact: ContactKey = ANNA, **more: object) -> None:
        """Receive a contact's message."""
        self._posts(contact.psid, contact.account_id, {"mid": mid, "text": text, **more})

    def hears_person(self, text: str, mid: str, contact: ContactKey = ANNA) -> None:
        """Receive the echo of a reply written in the Instagram app."""
        told = {"mid": mid, "text": text, "is_echo": True}
        self._posts(contact.account_id, contact.psid, told)

    def hears_unsent(self, mid: str, contact: ContactKey = ANNA) -> None:
        """Receive the unsend of a contact's message."""
        self._posts(contact.psid, contact.account_id, {"mid": mid, "is_deleted": True})

    def advance(self, seconds: float) -> None:
        """Advance the time, then echo what was sent meanwhile."""
        self.system.advance(seconds)
        for call in self.system.instagram.reached[self._echoed :]:
            self.hears_person(call.text, call.mid, call.contact)
        self._echoed = len(self.system.instagram.reached)

    def _posts(self, sender: str, recipient: str, message: dict[str, object]) -> None:
        account_id = ANNA.account_id
        at = int(clock.now().timestamp() * 1000)
        item = {"sender": {"id": sender}, "recipient": {"id": recipient}, "timestamp": at}
        entry = {"id": account_id, "time": at, "messaging": [item | {"message": message}]}
        body = json.dumps({"object": "instagram", "entry": [entry]}).encode()
        self.system.receive_body(body)


@contextmanager
def recorded_messages(path: Path, begin: datetime) -> Iterator[History]:
    """Run from an instant on with the default settings; then everything is on disk."""
    figures = settings()
    with frozen_at(begin) as frozen:
        system = SteppedSystem(
            path,
            frozen,
            conversation=conversation_policy(figures),
            sender=sender_policy(figures),
        )
        yield History(system)
        system.stop()


def settings(**sections: dict[str, Any]) -> Settings:
    """Return settings as from a file."""
    return Settings.model_validate(sections)
