import peewee

from moca.storage.db.fields import InstantField
from moca.storage.db.tables import Table


class Seat(Table):
    """Who may act for a partition, or send; whoever wrote under an earlier epoch may not."""

    name = peewee.CharField(primary_key=True)
    epoch = peewee.BigIntegerField()
    node = peewee.CharField()
    """Empty once its holder has left it in order."""
    since_at = InstantField()


class Node(Table):
    """A process that takes part, and when it last showed that it writes."""

    name = peewee.CharField(primary_key=True)
    address = peewee.CharField()
    seen_at = InstantField()
