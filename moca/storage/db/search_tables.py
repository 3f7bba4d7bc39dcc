import peewee

from moca.storage.db.fields import IdentityField, InstantField
from moca.storage.db.tables import Table


class SearchIndex(Table):
    """How far the words of a table are indexed: all of its rows from one id to another.

    The words themselves are in `<name>_words`: a table of SQLite's FTS5, or of `tsvector`s.
    """

    name = peewee.CharField(primary_key=True)
    """The table: `message` or `contact`."""
    first_id = peewee.BigIntegerField()
    """Rows up to this one are still to be indexed."""
    last_id = peewee.BigIntegerField()
    """The last row that is indexed, if it still exists."""
    seen_id = peewee.BigIntegerField()
    """The highest id when this index was last extended."""
    seen_at = InstantField(null=True)
    """When that was, by PostgreSQL's clock: until transactions that wrote to the table then have
    ended, rows up to `seen_id` may still appear. None in SQLite, which has one writer."""
    has_erased = peewee.BooleanField(default=False)
    """Whether the index holds words of rows that are deleted or changed."""
    is_purging = peewee.BooleanField(default=False)
    purged_at = InstantField(null=True)

    class Meta:
        table_name = "search_index"


class ChangedWords(Table):
    """A row whose words changed after it was indexed, recorded by a trigger."""

    id = IdentityField()
    name = peewee.CharField()
    row_id = peewee.BigIntegerField()

    class Meta:
        table_name = "changed_words"
