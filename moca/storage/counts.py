import peewee

from moca.storage.instant import InstantField
from moca.storage.models import Table


class Freeze(Table):
    """Since when nothing goes out, because a person said so; no row while everything goes."""

    name = peewee.CharField(primary_key=True)
    since_at = InstantField()


class MinuteFigure(Table):
    """What was counted within a minute; spans are whole microseconds."""

    minute = InstantField()
    name = peewee.CharField()
    count = peewee.IntegerField()
    total = peewee.BigIntegerField(default=0)
    longest = peewee.BigIntegerField(default=0)

    class Meta:
        table_name = "minute_figure"
        primary_key = peewee.CompositeKey("minute", "name")


class QueueCount(Table):
    """How many queue items there are by status, kept by triggers.

    Each of PostgreSQL's connections counts in rows of its own, so that none waits for another;
    only the sum over them means something.
    """

    status = peewee.CharField()
    shard = peewee.IntegerField()
    items = peewee.BigIntegerField()

    class Meta:
        table_name = "queue_count"
        primary_key = peewee.CompositeKey("status", "shard")
