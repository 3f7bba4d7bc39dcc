"""A day in the life of a Moca, lived by the whole system on a frozen clock and left on disk."""

import json
from contextlib import contextmanager

import freezegun

from actors.config import conversation_policy, sender_policy, writer_policy
from moca import clock
from moca.settings.sections import Settings
from tests.support.factory import ANNA
from tests.support.system import House


class History:
    """A house whose Instagram posts its webhooks, the echoes of replies among them."""

    def __init__(self, house: House) -> None:
        self.house = house
        self._echoed = 0

    def hears(self, text: str, mid: str, contact=ANNA, **more) -> None:
        """A contact writes."""
        self._posts(contact.psid, contact.account_id, {"mid": mid, "text": text, **more})

    def hears_person(self, text: str, mid: str, contact=ANNA) -> None:
        """A person answers in the Instagram app."""
        told = {"mid": mid, "text": text, "is_echo": True}
        self._posts(contact.account_id, contact.psid, told)

    def hears_unsent(self, mid: str, contact=ANNA) -> None:
        """A contact takes a message back."""
        self._posts(contact.psid, contact.account_id, {"mid": mid, "is_deleted": True})

    def passes(self, seconds: float) -> None:
        """Let time pass, then have what was sent meanwhile echoed."""
        self.house.passes(seconds)
        for call in self.house.instagram.reached[self._echoed :]:
            self.hears_person(call.text, call.mid, call.contact)
        self._echoed = len(self.house.instagram.reached)

    def _posts(self, sender: str, recipient: str, message: dict) -> None:
        account_id = ANNA.account_id
        at = int(clock.now().timestamp() * 1000)
        item = {"sender": {"id": sender}, "recipient": {"id": recipient}, "timestamp": at}
        entry = {"id": account_id, "time": at, "messaging": [item | {"message": message}]}
        body = json.dumps({"object": "instagram", "entry": [entry]}).encode()
        self.house.takes(body)


@contextmanager
def lived(path, begin):
    """Live from an instant on with the settings' own figures; then all is on disk."""
    figures = settings()
    with freezegun.freeze_time(begin) as frozen:
        house = House(
            path,
            frozen,
            conversation=conversation_policy(figures),
            sender=sender_policy(figures),
            consent=writer_policy(figures).consent,
        )
        yield History(house)
        house.stop()


def settings(**sections) -> Settings:
    """Settings as a file would give them."""
    return Settings.model_validate(sections)
