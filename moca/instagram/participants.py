import hashlib
import json
from dataclasses import dataclass

from moca.core.inbound.events import OtherEvent
from moca.core.reasons import Because, Reason
from moca.core.types import ContactKey
from moca.instagram.envelope import WebhookItem
from moca.instagram.ids import read_id
from moca.instagram.payload import MessagingPayload, read_text

DASHBOARD_TEST = Because(Reason.DASHBOARD_TEST)
ANOTHER_APP = Because(Reason.IN_STANDBY)

_MAX_DETAIL_LENGTH = 4_000
_ONLY_CONTACTS_SEND = frozenset({"postback", "referral", "optin"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingOptions:
    """Options that affect how a webhook is read."""

    live: bool = False
    """Whether messages from Meta's dashboard test must not be answered."""
    app_id: str = ""
    """This app's id; if empty, only the kind of event shows which app holds a thread."""
    answer_comments: bool = False


@dataclass(frozen=True, slots=True)
class ItemContext:
    """An item and its participants."""

    item: WebhookItem
    messaging: MessagingPayload
    account_id: str
    """Empty if no account is named."""
    contact: ContactKey | None
    from_account: bool
    reading: ReadingOptions

    @property
    def is_standby(self) -> bool:
        """Return whether another app controls the thread."""
        return self.item.field == "standby"

    @property
    def unanswerable(self) -> str | None:
        """Return why the bot must not answer the item; None if it may."""
        if self.reading.live and self.account_id == "0":
            return DASHBOARD_TEST
        return ANOTHER_APP if self.is_standby else None

    def about(self, kind: str, mid: str | None, *parts: object, **detail: object) -> OtherEvent:
        """Return the event to store; `parts` distinguish several about one message."""
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
        """Return the event to store of an item that Moca cannot interpret."""
        keys = self.item.value if isinstance(self.item.value, dict) else ()
        return self.about("unknown", mid, keys=" ".join(sorted(map(str, keys))))


def understand(
    item: WebhookItem, messaging: MessagingPayload, reading: ReadingOptions
) -> ItemContext:
    """Determine an item's account and contact, and which of them acted."""
    sender = messaging.sender.id if messaging.sender else None
    recipient = messaging.recipient.id if messaging.recipient else None
    account = read_id(item.account)
    if sender == account and recipient is not None and _is_a_contacts(item):
        account = recipient  # Meta's own examples put the contact in the entry.
    is_echo = messaging.message is not None and messaging.message.is_echo
    from_account = is_echo or (sender is not None and sender == account)
    person, other = (recipient, sender) if from_account else (sender, recipient)
    account = account or other
    contact = ContactKey(account, person) if account and person else None
    return ItemContext(item, messaging, account or "", contact, from_account, reading)


def _is_a_contacts(item: WebhookItem) -> bool:
    return isinstance(item.value, dict) and not _ONLY_CONTACTS_SEND.isdisjoint(item.value)


def _key(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def _detail(values: dict[str, object]) -> tuple[tuple[str, str], ...]:
    texts = ((name, _text(value)) for name, value in values.items())
    return tuple((name, text[:_MAX_DETAIL_LENGTH]) for name, text in texts if text)


def _text(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return read_text(value)
