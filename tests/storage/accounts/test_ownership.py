"""Messages of accounts that are not Moca's are stored and never answered."""

from dataclasses import replace

import peewee
import pytest

from moca.core.accounts import NOT_CONNECTED, REMOVED, Account, SealedToken
from moca.core.messages.accounts import RemoveAccount, StoreAccount
from moca.core.messages.inbound import MessageArrived
from moca.core.types import ContactKey
from moca.storage.accounts.credentials import CredentialStore
from moca.storage.accounts.vault import Vault
from moca.storage.db.tables import Message
from moca.storage.writer import Writer
from tests.storage.desk import POLICY, Desk, message, webhook, wrote
from tests.support.factory import ANNA, NOON, at

OURS = ANNA.account_id
STRANGER = ContactKey("17841400000000002", ANNA.psid)
CONNECTED = StoreAccount(
    Account(account_id=STRANGER.account_id), SealedToken("sealed", NOON, None), NOON
)


class StrictDesk(Desk):
    """Writes as in live mode: the settings' token speaks for one account."""

    def __init__(self, database: peewee.Database) -> None:
        super().__init__(database)
        policy = replace(POLICY, may_own=lambda account_id: account_id == OURS)
        self._writer = Writer(database, policy)


@pytest.fixture
def desk(database: peewee.Database) -> StrictDesk:
    return StrictDesk(database)


def _hear(desk: StrictDesk, mid: str, contact: ContactKey) -> tuple[bool, tuple[str | None, str]]:
    """Receive a message; return whether it may be answered, and its status."""
    events = desk.do(webhook(wrote(mid, contact=contact), wrote(f"{mid}-ours", contact=ANNA)))
    told = {each.message.mid for each in events if isinstance(each, MessageArrived)}
    assert f"{mid}-ours" in told
    return mid in told, message(Message.get(Message.mid == mid).id)[2:]


def test_a_message_to_an_account_that_is_not_ours_is_suppressed(desk: StrictDesk) -> None:
    assert _hear(desk, "m1", STRANGER) == (False, ("suppressed", NOT_CONNECTED))


def test_a_connected_account_is_ours(desk: StrictDesk) -> None:
    desk.do(CONNECTED)
    assert _hear(desk, "m1", STRANGER) == (True, (None, ""))


def test_a_removed_account_stays_silent_until_it_is_connected_again(desk: StrictDesk) -> None:
    desk.do(CONNECTED, RemoveAccount(STRANGER.account_id, at(1)))
    assert _hear(desk, "m1", STRANGER) == (False, ("suppressed", REMOVED))
    desk.do(CONNECTED)
    assert _hear(desk, "m2", STRANGER) == (True, (None, ""))


def test_a_removed_account_is_silent_though_the_settings_may_own_it(
    database: peewee.Database,
) -> None:
    desk = Desk(database)
    desk.do(CONNECTED, RemoveAccount(STRANGER.account_id, at(1)))
    assert desk.do(webhook(wrote("m1", contact=STRANGER))) == ()


def test_the_book_knows_a_removed_account_from_one_never_seen(
    desk: StrictDesk, database: peewee.Database
) -> None:
    book = CredentialStore(database, Vault("", "sqlite:///:memory:"), lambda: at(5))
    assert not book.is_removed(STRANGER.account_id)
    for event in desk.do(CONNECTED, RemoveAccount(STRANGER.account_id, at(1))):
        book.observe(event)
    assert (book.is_connected(STRANGER.account_id), book.is_removed(STRANGER.account_id)) == (
        False,
        True,
    )
