import peewee

from moca.core.push import MAX_ENDPOINT_LENGTH
from moca.storage.db.fields import IdentityField, InstantField
from moca.storage.db.operator_tables import Login, Operator
from moca.storage.db.tables import Conversation, Table

PUSH_KEY = "push"
"""The name among the kept secrets of the encrypted key that signs push messages."""


class PushTarget(Table):
    """A browser that wants push messages; it ends with the session."""

    id = IdentityField()
    login = peewee.ForeignKeyField(Login, on_delete="CASCADE", unique=True)
    endpoint = peewee.CharField(max_length=MAX_ENDPOINT_LENGTH, unique=True)
    p256dh = peewee.CharField()
    auth = peewee.CharField()
    created_at = InstantField()

    class Meta:
        table_name = "push_target"


class QueuedPush(Table):
    """A push message that waits to be sent."""

    id = IdentityField()
    kind = peewee.CharField()
    conversation = peewee.ForeignKeyField(Conversation, on_delete="CASCADE")
    operator = peewee.ForeignKeyField(Operator, null=True, on_delete="CASCADE")
    """Who gets it; None for the assignee, or all who may answer if there is none."""
    by = peewee.CharField(default="")
    created_at = InstantField()

    class Meta:
        table_name = "queued_push"


class StoredNotification(Table):
    """A notification to a person outside Moca."""

    id = IdentityField()
    kind = peewee.CharField()
    because = peewee.TextField(default="")
    account_id = peewee.CharField()
    conversation = peewee.ForeignKeyField(Conversation, null=True, on_delete="CASCADE", index=False)
    created_at = InstantField()
    due_at = InstantField(null=True)
    """When to send it next; None once it was sent or given up."""
    attempts = peewee.IntegerField(default=0)
    sent_at = InstantField(null=True)
    fault = peewee.TextField(default="")
    """Why the last attempt failed."""

    class Meta:
        table_name = "notice"
