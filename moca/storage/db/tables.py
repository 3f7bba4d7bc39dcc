from typing import Any

import peewee
from peewee import SQL

from moca.core.accounts import AccountStatus
from moca.core.types import (
    Author,
    ContactKey,
    ConversationStatus,
    ItemStatus,
    MessageStatus,
    Priority,
)
from moca.storage.db.fields import IdentityField, InstantField


class Table(peewee.Model):
    """A row of Moca's database; `open_database` binds the tables to one."""


class Webhook(Table):
    """A verified body exactly as it came."""

    id = peewee.BigAutoField()
    received_at = InstantField()
    body = peewee.BlobField()


class Contact(Table):
    """A person who wrote to an account."""

    id = IdentityField()
    account_id = peewee.CharField()
    psid = peewee.CharField()
    name = peewee.TextField(null=True)
    created_at = InstantField()
    last_seen_at = InstantField()
    window_opened_at = InstantField(null=True)
    opted_out_at = InstantField(null=True)
    """Since when it wants no automatic message; None where it does not mind."""
    message_count = peewee.IntegerField(default=0)

    class Meta:
        indexes = ((("psid", "account_id"), True),)


class Conversation(Table):
    """A stretch of talk with a contact, from its first message until it is closed."""

    id = IdentityField()
    contact = peewee.ForeignKeyField(Contact, backref="conversations", on_delete="CASCADE")
    status = peewee.CharField(default=ConversationStatus.OPEN)
    held_until = InstantField(null=True)
    created_at = InstantField()
    last_user_message_at = InstantField(null=True)
    last_bot_message_at = InstantField(null=True)
    last_activity_at = InstantField(index=True)
    cooldown_until = InstantField(null=True)
    away_text_at = InstantField(null=True)
    read_at = InstantField(null=True)
    """When somebody who answers last looked at it."""
    held_by = peewee.CharField(null=True)
    """The teammate who took it over, while it is held for one who is known."""
    person_until = InstantField(null=True)
    """Until when a person last had the word: wrote, or held the conversation."""


class Message(Table):
    """What somebody wrote, on either side; a reply has no mid until Instagram names it."""

    id = IdentityField()
    conversation = peewee.ForeignKeyField(
        Conversation, backref="messages", on_delete="CASCADE", index=False
    )
    webhook = peewee.ForeignKeyField(Webhook, null=True, on_delete="SET NULL", index=False)
    account_id = peewee.CharField()
    kind = peewee.CharField(default="message")
    mid = peewee.CharField(null=True, max_length=512)
    role = peewee.CharField()
    author = peewee.CharField(default=Author.CONTACT)
    author_name = peewee.CharField(null=True)
    """Of the operator who wrote it; None for all others."""
    type = peewee.CharField(default="text")
    text = peewee.TextField(default="")
    content = peewee.TextField(null=True)
    """JSON of what goes with the text; None where there is only text."""
    created_at = InstantField()
    sent_at = InstantField(null=True)
    status = peewee.CharField(default=MessageStatus.RECEIVED)
    processed = peewee.BooleanField(default=False)
    outcome = peewee.CharField(null=True)
    because = peewee.TextField(default="")
    reply = peewee.ForeignKeyField(
        "self", null=True, backref="answers", on_delete="SET NULL", index=False
    )
    duplicate_of = peewee.ForeignKeyField("self", null=True, on_delete="SET NULL", index=False)
    redeliveries = peewee.IntegerField(default=0)
    part_of = peewee.ForeignKeyField(
        "self", null=True, backref="parts", on_delete="SET NULL", index=False
    )
    """The first part of a reply that goes out in several; also of that part itself."""
    comment_id = peewee.CharField(null=True, max_length=512)
    """The comment that a private reply answers."""
    wish = peewee.CharField(null=True)
    """What it changed about being written to."""
    deleted_at = InstantField(null=True)
    """When it was unsent; of a contact's message nothing but its place is left then."""

    class Meta:
        indexes = ((("mid", "account_id", "kind"), True), (("conversation", "id"), False))


class Event(Table):
    """Something that Instagram told and that is not itself a message."""

    id = IdentityField()
    webhook = peewee.ForeignKeyField(Webhook, null=True, on_delete="SET NULL", index=False)
    kind = peewee.CharField()
    account_id = peewee.CharField(default="")
    psid = peewee.CharField(null=True)
    """Of the contact it is about, who may never have written."""
    mid = peewee.CharField(null=True, max_length=512)
    """The message it is about, stored or not."""
    key = peewee.CharField(unique=True)
    at = InstantField()
    sent_at = InstantField(null=True)
    detail = peewee.TextField(default="{}")
    """JSON of texts by name."""
    redeliveries = peewee.IntegerField(default=0)
    look_at = InstantField(null=True)
    """When to see whether the message it hints at has come, and else to fetch it."""
    fetches = peewee.IntegerField(default=0)
    because = peewee.TextField(default="")

    class Meta:
        indexes = ((("mid", "account_id"), False), (("psid", "account_id"), False))


class QueueItem(Table):
    """A reply's place in the queue and how its sending goes."""

    id = IdentityField()
    message = peewee.ForeignKeyField(Message, unique=True, backref="items", on_delete="CASCADE")
    conversation = peewee.ForeignKeyField(
        Conversation, backref="items", on_delete="CASCADE", index=False
    )
    priority = peewee.IntegerField(default=Priority.NORMAL)
    status = peewee.CharField(default=ItemStatus.PENDING)
    scheduled_for = InstantField()
    attempts = peewee.IntegerField(default=0)
    because = peewee.TextField(default="")
    created_at = InstantField()
    sending_at = InstantField(null=True)
    sent_at = InstantField(null=True)
    echoed_at = InstantField(null=True)
    parting = peewee.CharField(null=True)
    """Why it may pass where nothing else by the bot may; None for almost every item."""
    is_final = peewee.BooleanField(null=True)
    """Whether it must not be sent again, should it not have arrived; None for almost every item."""
    unconfirmed_since = InstantField(null=True)
    """When the first call began that may have delivered it; None while none may have."""
    command_key = peewee.CharField(null=True)
    """Identifies the command that queued it, so that repeating the command queues nothing."""
    channel = peewee.CharField(default="", constraints=[SQL("DEFAULT ''")])
    """Whose limits it is under; see `Channel.name`."""

    class Meta:
        table_name = "queue_item"
        indexes = ((("status", "id"), False),)


class AccountRest(Table):
    """Until when nothing goes for an account, because Instagram asked it to wait."""

    account_id = peewee.CharField(primary_key=True)
    rests_until = InstantField()

    class Meta:
        table_name = "account_rest"


class Account(Table):
    """An Instagram account that is connected; its token is sealed."""

    account_id = peewee.CharField(primary_key=True)
    flavour = peewee.CharField()
    username = peewee.TextField(null=True)
    name = peewee.TextField(null=True)
    page_id = peewee.CharField(null=True)
    app_user_id = peewee.CharField(null=True)
    scopes = peewee.TextField(default="")
    """Parted by spaces, as are the fields."""
    subscribed_fields = peewee.TextField(default="")
    status = peewee.CharField(default=AccountStatus.ACTIVE)
    because = peewee.TextField(default="")
    created_at = InstantField()
    sealed_token = peewee.TextField()
    token_stored_at = InstantField()
    token_issued_at = InstantField()
    token_expires_at = InstantField(null=True)
    refreshed_at = InstantField(null=True)
    refresh_failures = peewee.IntegerField(default=0)
    refresh_failed_at = InstantField(null=True)


class DeletionRequest(Table):
    """Somebody's wish to have everything erased, by the code with which they may look after it."""

    code = peewee.CharField(primary_key=True)
    account_id = peewee.CharField(null=True)
    """Whose contacts are erased one by one; None where no account was meant."""
    requested_at = InstantField()
    completed_at = InstantField(null=True)

    class Meta:
        table_name = "deletion_request"


class Scrub(Table):
    """A search, under way, for the bodies that name a contact, or an account where psid is None."""

    id = peewee.BigAutoField()
    account_id = peewee.CharField()
    psid = peewee.CharField(null=True)
    code = peewee.CharField(null=True)
    """Of the request it belongs to."""
    after_id = peewee.BigIntegerField(default=0)
    until_id = peewee.BigIntegerField()


class Signing(Table):
    """When a secret last signed a webhook; named by a hash, and "none" where none of ours did."""

    secret = peewee.CharField(primary_key=True)
    last_at = InstantField()


class AccountProfile(Table):
    """By what an account's ice breakers and menu are known again; empty where it was given none."""

    account_id = peewee.CharField(primary_key=True)
    ice_breakers = peewee.CharField(default="")
    menu = peewee.CharField(default="")

    class Meta:
        table_name = "account_profile"


class JourneyStep(Table):
    """One line of a message's journey."""

    id = peewee.BigAutoField()
    message = peewee.ForeignKeyField(Message, backref="steps", on_delete="CASCADE")
    at = InstantField()
    stage = peewee.CharField()
    outcome = peewee.CharField()
    detail = peewee.TextField(default="")

    class Meta:
        table_name = "journey_step"


class Notice(Table):
    """Something to be told to people outside of Moca."""

    id = IdentityField()
    kind = peewee.CharField()
    because = peewee.TextField(default="")
    account_id = peewee.CharField()
    conversation = peewee.ForeignKeyField(Conversation, null=True, on_delete="CASCADE", index=False)
    created_at = InstantField()
    due_at = InstantField(null=True)
    """When it is to be sent next; None once it was sent or given up."""
    attempts = peewee.IntegerField(default=0)
    sent_at = InstantField(null=True)
    fault = peewee.TextField(default="")
    """Why the last attempt failed."""


# Spelled as literals: neither database matches a bound value with a partial index.
IS_NOT_OPEN = Conversation.status != SQL("'open'")
IS_CURRENT = Conversation.status != SQL("'closed'")
IS_UNANSWERED = (
    (Message.role == SQL("'user'"))
    & Message.outcome.is_null()
    & (Message.processed == SQL("FALSE"))
)
IS_PENDING = QueueItem.status == SQL("'pending'")
IS_FOR_AT_ONCE = IS_PENDING & (QueueItem.scheduled_for <= QueueItem.created_at)
IS_FOR_LATER = IS_PENDING & (QueueItem.scheduled_for > QueueItem.created_at)
IS_UNNAMED = (Message.role == SQL("'assistant'")) & Message.mid.is_null()
IS_UNDER_WAY = QueueItem.status << SQL("('pending', 'sending')")
IS_PARTING = QueueItem.parting.is_null(is_null=False)
IS_UNSETTLED = QueueItem.status << SQL("('sending', 'unknown')")


def is_contact(contact: ContactKey) -> Any:
    """Give the condition that a row of `Contact` is this contact's."""
    return (Contact.psid == contact.psid) & (Contact.account_id == contact.account_id)
