import hashlib
import json
from dataclasses import dataclass

from moca.core.inbound.events import OtherEvent
from moca.core.types import ContactKey
from moca.instagram.envelope import Item
from moca.instagram.ids import read_id
from moca.instagram.payload import Messaging, read_text

DASHBOARD_TEST = "Meta's dashboard test is stored, never answered"
ANOTHER_APP = "another app holds this thread"

_LONGEST_DETAIL = 4_000
_ONLY_CONTACTS_SEND = frozenset({"postback", "referral", "optin"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """By what a webhook is read that it does not tell itself."""

    live: bool = False
    """Whether Meta's dashboard test must not be answered."""
    app_id: str = ""
    """Our own; where empty, who holds a thread is told by the kind of event alone."""
    answer_comments: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """One item with whom it is about."""

    item: Item
    messaging: Messaging
    account_id: str
    """Empty where nothing names one."""
    contact: ContactKey | None
    from_account: bool
    reading: Reading

    @property
    def is_standby(self) -> bool:
        """Whether another app holds the thread."""
        return self.item.field == "standby"

    @property
    def unanswerable(self) -> str | None:
        """Why the bot must not answer it; None if it may."""
        if self.reading.live and self.account_id == "0":
            return DASHBOARD_TEST
        return ANOTHER_APP if self.is_standby else None

    def about(self, kind: str, mid: str | None, *parts: object, **detail: object) -> OtherEvent:
        """Make the event that is kept of it; `parts` tell apart several about one message."""
        distinct = (mid, *parts) if mid is not None else (self.item.value,)
        return OtherEvent(
            kind=kind,
            contact=self.contact,
            account_id=self.account_id,
            mid=mid,
            key=_key(self.account_id, kind, *distinct),
            sent_at=self.messaging.timestamp,
            detail=_detail(detail),
        )

    def unknown(self, mid: str | None = None) -> OtherEvent:
        """Return the event that is kept of an item that Moca cannot place."""
        keys = self.item.value if isinstance(self.item.value, dict) else ()
        return self.about("unknown", mid, keys=" ".join(sorted(map(str, keys))))


def understand(item: Item, messaging: Messaging, reading: Reading) -> Told:
    """Find out whose an item is, and which side speaks in it."""
    sender = messaging.sender.id if messaging.sender else None
    recipient = messaging.recipient.id if messaging.recipient else None
    account = read_id(item.account)
    if sender == account and recipient is not None and _is_a_contacts(item):
        account = recipient  # Meta's own examples name the contact in the entry.
    is_echo = messaging.message is not None and messaging.message.is_echo
    from_account = is_echo or (sender is not None and sender == account)
    person, other = (recipient, sender) if from_account else (sender, recipient)
    account = account or other
    contact = ContactKey(account, person) if account and person else None
    return Told(item, messaging, account or "", contact, from_account, reading)


def _is_a_contacts(item: Item) -> bool:
    return isinstance(item.value, dict) and not _ONLY_CONTACTS_SEND.isdisjoint(item.value)


def _key(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def _detail(told: dict[str, object]) -> tuple[tuple[str, str], ...]:
    texts = ((name, _text(value)) for name, value in told.items())
    return tuple((name, text[:_LONGEST_DETAIL]) for name, text in texts if text)


def _text(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return read_text(value)
