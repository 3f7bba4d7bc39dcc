import peewee

from moca.storage.db.fields import IdentityField, InstantField
from moca.storage.db.tables import Conversation, Message, Table


class Note(Table):
    """An operator's note on a conversation; contacts never see it."""

    id = IdentityField()
    conversation = peewee.ForeignKeyField(Conversation, on_delete="CASCADE")
    author = peewee.CharField()
    text = peewee.TextField()
    created_at = InstantField()


class SavedReply(Table):
    """A text that operators send often."""

    id = IdentityField()
    name = peewee.CharField(unique=True)
    shortcut = peewee.CharField(null=True, unique=True)
    text = peewee.TextField()

    class Meta:
        table_name = "saved_answer"


class Upload(Table):
    """A file that an operator attached; its content is in the uploads folder.

    It belongs to a message or a saved reply, or to neither until it expires. Once what it belonged
    to is deleted, it is deleted too.
    """

    id = IdentityField()
    token = peewee.CharField(unique=True)
    """Its address at which Instagram fetches it."""
    file = peewee.CharField()
    """Its name in the uploads folder."""
    name = peewee.CharField()
    media = peewee.CharField()
    mime_type = peewee.CharField()
    suffix = peewee.CharField()
    size = peewee.BigIntegerField()
    created_at = InstantField()
    expires_at = InstantField(null=True)
    """When it is deleted if nothing takes it over; None once something has."""
    message = peewee.ForeignKeyField(Message, null=True, unique=True, on_delete="SET NULL")
    saved_reply = peewee.ForeignKeyField(SavedReply, null=True, unique=True, on_delete="SET NULL")


IS_UNOWNED_UPLOAD = Upload.message.is_null() & Upload.saved_reply.is_null()


class Label(Table):
    """A word with a colour by which operators sort conversations."""

    id = IdentityField()
    name = peewee.CharField()
    folded_name = peewee.CharField(unique=True, null=True)
    """The name folded by `fold_name`; None once the label is removed, while conversations still
    have rows of it."""
    colour = peewee.CharField()


IS_KNOWN_LABEL = Label.folded_name.is_null(is_null=False)


class ConversationLabel(Table):
    """A label of a conversation."""

    conversation = peewee.ForeignKeyField(Conversation, on_delete="CASCADE", index=False)
    label = peewee.ForeignKeyField(Label, on_delete="CASCADE", index=False)
    last_activity_at = InstantField()
    """The conversation's, kept by a trigger, so that an index has those of a label in order."""

    class Meta:
        table_name = "conversation_label"
        primary_key = peewee.CompositeKey("conversation", "label")
        indexes = ((("label", "last_activity_at", "conversation"), False),)


class Operator(Table):
    """A person who can log in."""

    id = IdentityField()
    name = peewee.CharField(unique=True)
    folded_name = peewee.CharField(unique=True, null=True)
    """The name folded by `fold_name`; None for names from before they had to be unique when
    folded."""
    role = peewee.CharField(column_name="may")
    password_hash = peewee.CharField()
    created_at = InstantField()


class OperatorAccount(Table):
    """An account to which an operator is limited; without any, they see all accounts."""

    operator = peewee.ForeignKeyField(Operator, on_delete="CASCADE", index=False)
    account_id = peewee.CharField()

    class Meta:
        table_name = "operator_account"
        primary_key = peewee.CompositeKey("operator", "account_id")


class Mention(Table):
    """An operator named in a note."""

    note = peewee.ForeignKeyField(Note, on_delete="CASCADE", index=False)
    operator = peewee.ForeignKeyField(Operator, on_delete="CASCADE")
    conversation = peewee.ForeignKeyField(Conversation, on_delete="CASCADE")
    """The note's."""
    seen_at = InstantField(null=True)
    """When the operator opened the conversation; None if not since."""

    class Meta:
        primary_key = peewee.CompositeKey("note", "operator")


class Login(Table):
    """A browser session, of an operator or opened with the login link."""

    id = IdentityField()
    key = peewee.CharField(unique=True)
    """A hash of the session cookie."""
    operator = peewee.ForeignKeyField(Operator, null=True, on_delete="CASCADE")
    """None for a session opened with the login link."""
    token_hash = peewee.CharField(null=True)
    """A hash of the token in the link; a new token ends the session."""
    address = peewee.CharField(default="")
    opened_at = InstantField()
    seen_at = InstantField()
    ends_at = InstantField()


class AuditEntry(Table):
    """An entry of the audit log."""

    id = IdentityField()
    at = InstantField()
    who = peewee.CharField()
    who_id = peewee.BigIntegerField(null=True)
    """The id of the operator or link session, which may have been deleted."""
    what = peewee.CharField()
    about = peewee.CharField(default="")

    class Meta:
        table_name = "audit"


class ApiKey(Table):
    """A key with which a program uses the API; once revoked, its row is gone."""

    id = IdentityField()
    name = peewee.CharField(unique=True)
    key_hash = peewee.CharField(unique=True)
    """SHA-256: the key is random and long, so that it cannot be guessed from it."""
    role = peewee.CharField()
    """An `OperatorRole`: what a program with the key may do."""
    account_ids = peewee.TextField(default="")
    """With spaces between them; empty for all accounts."""
    created_at = InstantField()
    expires_at = InstantField(null=True)
    """When it stops working; None for never."""
    used_at = InstantField(null=True)
    """When it was last used, to about ten minutes; None if it never was."""

    class Meta:
        table_name = "api_key"
