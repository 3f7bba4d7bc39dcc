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
