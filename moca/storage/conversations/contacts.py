from collections.abc import Iterable, Sequence
from datetime import datetime

from moca.core.contact_profile import next_read
from moca.core.conversation.consent import OPTED_OUT, Consent, ConsentChange
from moca.core.feed import FeedEvent, FeedKind
from moca.core.inbound.events import InboundMessage
from moca.core.messages.conversation import RecordContactProfile, RecordProfileUnread
from moca.core.types import ContactKey, Role, Stage, readable_name
from moca.storage.db.fields import storable
from moca.storage.db.rows import read_rows
from moca.storage.db.tables import Contact, Conversation, Message, is_contact
from moca.storage.handlers import handles
from moca.storage.messages.stored_message import StoredMessage
from moca.storage.outbox.cancel import silence_bot
from moca.storage.unit_of_work import Batch

_LATER_MESSAGES = 100
CONSENT_STEPS = {ConsentChange.OPT_OUT: "opted out", ConsentChange.OPT_IN: "opted in"}
CONSENT_KINDS = {
    ConsentChange.OPT_OUT: FeedKind.CONTACT_OPTED_OUT,
    ConsentChange.OPT_IN: FeedKind.CONTACT_OPTED_IN,
}


def is_superseded(
    contact: ContactKey, consent_change: ConsentChange, at: datetime, consent: Consent
) -> bool:
    """Return whether one of the last 100 messages after `at` reverses this change of consent."""
    opposite = consent.opt_in if consent_change is ConsentChange.OPT_OUT else consent.opt_out
    texts = Message.select(Message.text).join(Conversation).join(Contact)
    is_theirs = (Message.role == Role.USER.value) & (Message.text != "")
    is_later = (Message.sent_at > at) | (Message.sent_at.is_null() & (Message.created_at > at))
    later = texts.where(is_contact(contact) & is_theirs & is_later).order_by(Message.id.desc())
    return any(opposite.are(text) for (text,) in read_rows(later.limit(_LATER_MESSAGES)))


def change_consent_by_edit(
    batch: Batch, writing: StoredMessage, text: str, at: datetime
) -> ConsentChange | None:
    """Apply the change of consent in an edited message and return it; None if there is none."""
    columns = (Contact.id, Contact.account_id, Contact.opted_out_at)
    query = Conversation.select(*columns).join(Contact)
    ((contact_id, account_id, opted_out_at),) = read_rows(
        query.where(Conversation.id == writing.conversation_id)
    )
    consent = batch.policy_of(account_id).consent
    consent_change = consent.change_of(text, has_opted_out=opted_out_at is not None)
    if consent_change is None:
        return None
    since = at if consent_change is ConsentChange.OPT_OUT else None
    changed = Contact.update(opted_out_at=since)
    changed.where(Contact.id == contact_id).execute()
    Message.update(consent_change=consent_change).where(Message.id == writing.id).execute()
    if consent_change is ConsentChange.OPT_OUT:
        silence_bot(batch, writing.conversation_id, OPTED_OUT, at, sparing=[writing.id])
    batch.note(writing.id, at, Stage.STATE, CONSENT_STEPS[consent_change])
    batch.publish(FeedEvent(CONSENT_KINDS[consent_change], at, writing.id))
    return consent_change


@handles(RecordContactProfile)
def record_profiles(_batch: Batch, commands: Sequence[RecordContactProfile]) -> None:
    """Store contacts' profiles; erased contacts are skipped."""
    for command in commands:
        profile = command.profile
        username = None if profile.username is None else readable_name(storable(profile.username))
        name = readable_name(storable(profile.name or "")) or username
        stored = Contact.update(
            name=name,
            username=username,
            picture_url=None if profile.picture_url is None else storable(profile.picture_url),
            follower_count=profile.follower_count,
            follows_account=profile.follows_account,
            profile_due_at=None,
        )
        stored.where(is_contact(command.contact)).execute()


@handles(RecordProfileUnread)
def record_unread_profiles(_batch: Batch, commands: Sequence[RecordProfileUnread]) -> None:
    """Schedule another read of the profiles that are still to be read."""
    for command in commands:
        is_due = is_contact(command.contact) & Contact.profile_due_at.is_null(is_null=False)
        for contact_id, tries in read_rows(
            Contact.select(Contact.id, Contact.profile_tries).where(is_due)
        ):
            due_at = next_read(tries + 1, command.at)
            again = Contact.update(profile_due_at=due_at, profile_tries=tries + 1)
            again.where(Contact.id == contact_id).execute()


def keep_usernames(messages: Iterable[InboundMessage]) -> None:
    """Store the usernames that came with comments."""
    for message in messages:
        if message.username is not None:
            stored = Contact.update(username=readable_name(storable(message.username)))
            stored.where(is_contact(message.contact)).execute()
