import peewee

from moca.storage.db.fields import IdentityField, InstantField
from moca.storage.db.tables import Table


class AccountProfile(Table):
    """The fingerprints of the ice breakers and menu set for an account; empty if none were set."""

    account_id = peewee.CharField(primary_key=True)
    ice_breakers = peewee.CharField(default="")
    menu = peewee.CharField(default="")

    class Meta:
        table_name = "account_profile"


class StoredBot(Table):
    """A bot made in the browser, by the API or by import, and its draft."""

    name = peewee.CharField(primary_key=True)
    draft = peewee.TextField()
    """TOML."""
    draft_revision = peewee.IntegerField()
    """Counts the draft's changes from 1."""
    draft_by = peewee.CharField()
    draft_at = InstantField()
    deleted_at = InstantField(null=True)
    """None while it exists. Its versions stay, for the journeys of what they decided, and a new bot
    with its name goes on with their numbers."""

    class Meta:
        table_name = "bot"


class StoredBotVersion(Table):
    """A published version of a bot; it never changes, and the one with the highest number acts."""

    id = IdentityField()
    bot = peewee.ForeignKeyField(StoredBot, on_delete="CASCADE", index=False)
    number = peewee.IntegerField()
    document = peewee.TextField()
    author = peewee.CharField()
    note = peewee.TextField(default="")
    published_at = InstantField()

    class Meta:
        table_name = "bot_version"
        indexes = ((("bot", "number"), True),)


class AccountBot(Table):
    """Which bot answers for an account; each change replaces the row with one of a higher id."""

    id = IdentityField()
    account_id = peewee.CharField(unique=True)
    bot = peewee.ForeignKeyField(StoredBot, null=True, on_delete="CASCADE", index=False)
    """None: the bot of the settings file."""

    class Meta:
        table_name = "account_bot"


class StoredBotCases(Table):
    """What is expected of a bot, that of the settings file included."""

    bot = peewee.CharField(primary_key=True)
    cases = peewee.TextField()
    """TOML."""
    revision = peewee.IntegerField()
    """Counts their changes from 1."""
    saved_by = peewee.CharField()
    saved_at = InstantField()

    class Meta:
        table_name = "bot_cases"
