"""Those who write: twenty a second, most of them new."""

import time
from dataclasses import dataclass, field
from random import Random
from threading import Event

import requests

from tests.support.direct_session import direct_session

PER_SECOND = 20
_COMES_BACK, _SENDS_PHOTO, _TAPS = 0.1, 0.05, 0.05
_RECENT = 300


@dataclass(slots=True)
class Contacts:
    """Writes through the stand-in until it is over."""

    instagram: str
    draw: Random
    written: dict[str, str] = field(default_factory=dict)
    """By the id of each message, who wrote it."""
    psids: list[str] = field(default_factory=list)
    """In the order of their first messages."""
    is_over: Event = field(default_factory=Event)

    def write(self) -> None:
        """Write at the pace of `PER_SECOND`; one that was held up is made up for."""
        with direct_session() as session:
            due_at = time.monotonic()
            while not self.is_over.wait(max(0.0, due_at - time.monotonic())):
                due_at += 1 / PER_SECOND
                self._write_one(session)

    def recent(self) -> list[str]:
        """Return those who wrote last."""
        return self.psids[-_RECENT:]

    def _write_one(self, session: requests.Session) -> None:
        lot = self.draw.random()
        if self.psids and lot < _COMES_BACK:
            psid = self.draw.choice(self.recent())
        else:
            psid = f"{10_000_000 + len(self.psids)}"
            self.psids.append(psid)
        act = {"does": "write", "psid": psid, "text": f"Question {len(self.written)}"}
        if lot > 1 - _SENDS_PHOTO:
            act |= {"does": "attach", "text": ""}
        elif lot > 1 - _SENDS_PHOTO - _TAPS:
            act |= {"does": "tap", "payload": f"TAP{len(self.written)}"}
        answer = session.post(f"{self.instagram}/sandbox/act", json=act, timeout=60)
        self.written[str(answer.json()["mid"])] = psid
