import peewee

from moca.storage.db.fields import IdentityField, InstantField
from moca.storage.db.tables import Table


class StoredFeedEvent(Table):
    """An event of the feed, in the order of commits.

    Refers to rows that may be gone: an erased contact leaves nothing here but numbers.
    """

    id = IdentityField()
    kind = peewee.CharField()
    """A `FeedKind`."""
    at = InstantField()
    """When it happened, by the clock of the node that noticed it."""
    message_id = peewee.BigIntegerField(null=True)
    """The message it is about, which also names the conversation and the account."""
    conversation_id = peewee.BigIntegerField(null=True)
    """The conversation it is about, if it is not about a message."""
    account_id = peewee.CharField(null=True)
    """The account it is about, if it is not about a message."""
    detail = peewee.TextField(null=True)
    """A JSON object; None if it is empty."""

    class Meta:
        table_name = "feed"


class StoredSubscriber(Table):
    """A program that is sent the feed's events; see `Subscriber`."""

    id = IdentityField()
    name = peewee.CharField(unique=True)
    url = peewee.TextField()
    sealed_secret = peewee.TextField()
    kinds = peewee.TextField(default="")
    """With spaces between them; empty for all."""
    has_texts = peewee.BooleanField(default=False)
    cursor = peewee.BigIntegerField()
    attempts = peewee.IntegerField(default=0)
    due_at = InstantField(null=True)
    fault = peewee.TextField(default="")
    is_paused = peewee.BooleanField(default=False)
    created_at = InstantField()

    class Meta:
        table_name = "subscriber"


class FeedDelivery(Table):
    """An event that was delivered to a subscriber, or set aside for it."""

    id = IdentityField()
    subscriber = peewee.ForeignKeyField(StoredSubscriber, on_delete="CASCADE")
    event_id = peewee.BigIntegerField()
    kind = peewee.CharField()
    at = InstantField()
    """Of the last attempt."""
    attempts = peewee.IntegerField()
    status = peewee.CharField()
    """`delivered`, `failed`, or `queued` if it is to be delivered once more."""
    fault = peewee.TextField(default="")

    class Meta:
        table_name = "feed_delivery"
