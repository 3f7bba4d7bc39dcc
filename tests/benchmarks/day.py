"""A day of messages in virtual time: `python -m tests.benchmarks.day [HOURS [A_DAY]]`."""

import gc
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Self
from unittest.mock import patch

from rich.console import Console

from actors.background.jobs import BackgroundConfig
from actors.bots.bot import same_bot_for_all
from actors.dependencies import Dependencies
from actors.runtime.dispatchers import Dispatchers, SteppingDispatcher
from actors.runtime.timers import ManualTimers
from actors.system import System
from moca import clock
from moca.core.content.content import Content
from moca.core.inbound.events import InboundMessage
from moca.core.messages.command import Command
from moca.core.messages.inbound import RecordWebhook
from moca.core.outbox.delivery import Delivered, KnownMessages, MissingFromRecord, RecordUnreadable
from moca.core.outbox.queued_reply import ReplyAddress
from moca.core.policy import ConversationPolicy, SenderPolicy
from moca.core.types import ContactKey
from moca.instagram.graph import Profile
from moca.instagram.request_bodies import SenderAction
from moca.replies.fixed import MockGenerator
from moca.settings.sections import SANDBOX_ACCOUNT_ID
from moca.storage.writer import Writer
from tests.benchmarks.support.engine import WRITER
from tests.benchmarks.support.figures import Figure, show
from tests.benchmarks.support.load import apart, psid_of
from tests.benchmarks.support.memory import anonymous
from tests.support.databases import open_migrated

HOURS = 24
A_DAY = 1_000_000
CONTACTS = 200_000
MORNING = datetime(2026, 11, 22, tzinfo=UTC)
HOUR = timedelta(hours=1)
_SECONDS = 3600


def figures(hours: int = HOURS, a_day: int = A_DAY) -> Iterator[Figure]:
    """Run a day, or some hours of it, and measure the memory at the end of each hour."""
    sent, grown, seconds = apart(measure, hours, a_day)
    written = a_day // 24 * hours
    second, last = grown[:2][-1] / 2**20, grown[-1] / 2**20
    yield Figure(f"{written:,} messages in {hours} virtual hours: answered", f"{sent:,}")
    yield Figure("wall-clock time", f"{seconds:,.0f} s, {written / seconds:,.0f}/s")
    yield Figure(
        "memory after the last hour",
        f"{last:,.0f} MiB",
        f"after the second {second:,.0f} MiB",
        f"{last / second:.3f}",
    )


def measure(hours: int, a_day: int) -> tuple[int, list[int], float]:
    """Step through the hours; return the replies, the memory after each, and the time it took."""
    began = time.perf_counter()
    grown = []
    with tempfile.TemporaryDirectory() as name, Day(Path(name)) as day:
        for hour in range(hours):
            day.passes(MORNING + hour * HOUR, a_day // 24)
            gc.collect()
            grown.append(anonymous())
        day.ends()
        return day.sent, grown, time.perf_counter() - began


class Day:
    """The whole system on one thread and a clock of its own; it also acts as Instagram."""

    def __init__(self, folder: Path, background: BackgroundConfig | None = None) -> None:
        self.now = MORNING
        self.sent = 0
        self._messages = count()
        self._dispatcher = SteppingDispatcher()
        self._timers = ManualTimers()
        self.database = open_migrated(folder)
        self._background = background or BackgroundConfig()
        self._patch = patch.object(clock, "now", lambda: self.now)

    def __enter__(self) -> Self:
        self._patch.start()
        self._system = System(
            sender=SenderPolicy(per_second=50),
            dependencies=Dependencies(
                open_writer=lambda: Writer(self.database, WRITER),
                bot_of=same_bot_for_all(ConversationPolicy(), MockGenerator()),
                connect=lambda: self,
                background=self._background,
            ),
            dispatchers=Dispatchers(*[self._dispatcher] * 5),
            timers=self._timers,
        )
        return self

    def __exit__(self, *_error: object) -> None:
        self._system.stop()
        self._patch.stop()

    def passes(self, since: datetime, messages: int) -> None:
        """Send messages during an hour, those of each second together."""
        for second in range(_SECONDS):
            self._wait_until(since + timedelta(seconds=second))
            due = messages * (second + 1) // _SECONDS - messages * second // _SECONDS
            for _ in range(due):
                self.hear()
            self._settle()
        self._wait_until(since + HOUR)

    def ends(self) -> None:
        """Wait for all outstanding replies."""
        self._wait_until(self.now + HOUR)

    def prepare(self, account_id: str) -> None:
        pass

    def send(self, contact: ContactKey, content: Content, way: ReplyAddress) -> Delivered:
        self.sent += 1
        return Delivered(f"ig-{self.sent}")

    def act(self, contact: ContactKey, action: SenderAction) -> None:
        pass

    def find_message(
        self, contact: ContactKey, content: Content, since: datetime, known: KnownMessages
    ) -> MissingFromRecord:
        return MissingFromRecord()

    def message(self, account_id: str, mid: str) -> RecordUnreadable:
        return RecordUnreadable("no such message")

    def profile(self, contact: ContactKey) -> Profile:
        return Profile(name=f"Person {contact.psid}")

    def close(self) -> None:
        pass

    def hear(self) -> None:
        number = next(self._messages)
        contact = ContactKey(SANDBOX_ACCOUNT_ID, psid_of(number % CONTACTS))
        said = InboundMessage(
            contact=contact, mid=f"m{number}", text=f"Question {number}", sent_at=self.now
        )
        self.tell(RecordWebhook(b"{}", (said,), self.now))

    def tell(self, command: Command) -> None:
        """Hand in a command."""
        self._system.tell(command)

    def _wait_until(self, end: datetime) -> None:
        while (due := self._timers.next_at) is not None and due <= end:
            self.now = max(due, self.now)
            self._settle()
        self.now = max(end, self.now)
        self._settle()

    def _settle(self) -> None:
        while self._dispatcher.step() or self._timers.advance_to(self.now):
            pass


if __name__ == "__main__":
    asked = [int(each) for each in sys.argv[1:]]
    show(Console(width=120), {"day": tuple(figures(*asked))})
