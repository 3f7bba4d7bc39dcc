from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import peewee
import pytest
from freezegun.api import FrozenDateTimeFactory

from actors.background.contact_names import ContactNamesActor, UnnamedContacts
from actors.limited_reads import SharedReads
from actors.runtime.dispatchers import SteppingDispatcher
from actors.runtime.timers import ManualTimers
from actors.signals import NamesDue
from moca import clock
from moca.core.contact_profile import ContactProfile
from moca.core.messages.conversation import (
    ReadName,
    RecordContactProfile,
    RecordProfileUnread,
)
from moca.core.outbox.account_rests import AccountRests
from moca.core.types import ContactKey
from moca.storage.db.tables import Contact
from moca.storage.writer import Writer
from tests.storage.desk import POLICY, webhook, wrote
from tests.support.databases import open_migrated
from tests.support.factory import ANNA, NOON, at
from tests.support.frozen_time import frozen_at

ACCOUNT = ANNA.account_id
PER_SECOND = 2


class Names:
    """The actor on a frozen clock, with a real database and an Instagram that names everyone."""

    def __init__(self, database: peewee.Database, frozen: FrozenDateTimeFactory) -> None:
        self.asked: list[Any] = []
        self.is_reachable = True
        self.rests = AccountRests()
        self._writer = Writer(database, POLICY)
        self._dispatcher = SteppingDispatcher()
        self._timers = ManualTimers()
        self._frozen = frozen
        self._ref = ContactNamesActor.start_on(
            self._dispatcher,
            unnamed=UnnamedContacts(database),
            call=self._read,
            reads=SharedReads(PER_SECOND),
            rests=self.rests,
            timers=self._timers,
        )
        self._ref.tell(NamesDue())
        self._settle()

    def write(self, *psids: str) -> None:
        messages = [wrote(f"m {each}", contact=ContactKey(ACCOUNT, each)) for each in psids]
        self._writer.apply([webhook(*messages)])

    def advance(self, seconds: float) -> None:
        end = clock.now() + timedelta(seconds=seconds)
        while (due := self._timers.next_at) is not None and due <= end:
            self._frozen.move_to(due)
            self._timers.advance_to(due)
            self._settle()
        self._frozen.move_to(end)

    def stop(self) -> None:
        self._ref.stop(block=False)
        self._settle()

    def _settle(self) -> None:
        while self._dispatcher.step():
            pass

    def _read(self, asked: ReadName) -> None:
        self.asked.append(clock.now())
        if self.is_reachable:
            profile = ContactProfile(name=f"Name of {asked.contact.psid}")
            self._writer.apply([RecordContactProfile(asked.contact, profile)])
        else:
            self._writer.apply([RecordProfileUnread(asked.contact, clock.now())])


@pytest.fixture
def names(tmp_path: Path) -> Iterator[Names]:
    with frozen_at(NOON) as frozen, closing(open_migrated(tmp_path)) as database:
        names = Names(database, frozen)
        yield names
        names.stop()


def test_every_contact_of_a_rush_has_a_name_soon_within_the_read_limit(names: Names) -> None:
    names.write(*map(str, range(24)))
    names.advance(40)

    assert Contact.select().where(Contact.name.is_null()).count() == 0
    assert len(names.asked) == 24
    for second in range(60):
        begun = [each for each in names.asked if at(second) <= each < at(second + 1)]
        assert len(begun) <= PER_SECOND


def test_a_read_that_fails_is_repeated_later(names: Names) -> None:
    names.is_reachable = False
    names.write("700")
    names.advance(30)
    assert len(names.asked) == 1

    names.is_reachable = True
    names.advance(60)
    assert [each.name for each in Contact.select()] == ["Name of 700"]


def test_no_name_is_read_for_an_account_that_rests(names: Names) -> None:
    names.rests.rest(ACCOUNT, at(60), NOON)
    names.write("700")
    names.advance(59)
    assert names.asked == []

    names.advance(15)
    assert len(names.asked) == 1
