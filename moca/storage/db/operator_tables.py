import peewee

from moca.storage.db.fields import IdentityField, InstantField
from moca.storage.db.tables import Conversation, Table


class Note(Table):
    """What a colleague wrote about a conversation; contacts never see it."""

    id = IdentityField()
    conversation = peewee.ForeignKeyField(Conversation, on_delete="CASCADE")
    author = peewee.CharField()
    text = peewee.TextField()
    created_at = InstantField()


class SavedAnswer(Table):
    """A text that is said often."""

    id = IdentityField()
    name = peewee.CharField(unique=True)
    text = peewee.TextField()

    class Meta:
        table_name = "saved_answer"


class Operator(Table):
    """A person who may log in."""

    id = IdentityField()
    name = peewee.CharField(unique=True)
    folded_name = peewee.CharField(unique=True, null=True)
    """By `fold_name`; None for those who had such a name before it had to be theirs alone."""
    right = peewee.CharField(column_name="may")
    password_hash = peewee.CharField()
    created_at = InstantField()


class Login(Table):
    """A browser that is let in: an operator's, or one that opened the link."""

    id = IdentityField()
    key = peewee.CharField(unique=True)
    """A hash of what its cookie holds."""
    operator = peewee.ForeignKeyField(Operator, null=True, on_delete="CASCADE")
    """None if it opened the link."""
    token_hash = peewee.CharField(null=True)
    """Of the token in the link; another token ends the session."""
    address = peewee.CharField(default="")
    opened_at = InstantField()
    seen_at = InstantField()
    ends_at = InstantField()


class AuditEntry(Table):
    """Who did what, and when."""

    id = IdentityField()
    at = InstantField()
    who = peewee.CharField()
    who_id = peewee.BigIntegerField(null=True)
    """The operator's number, or the link session's; it outlives them."""
    what = peewee.CharField()
    about = peewee.CharField(default="")

    class Meta:
        table_name = "audit"
