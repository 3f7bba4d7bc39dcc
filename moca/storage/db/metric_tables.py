import peewee

from moca.storage.db.fields import InstantField
from moca.storage.db.tables import Table


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


class Comparison(Table):
    """How far an account's record was compared with what came by webhook, and what that shows."""

    account_id = peewee.CharField(primary_key=True)
    looked_at = InstantField(null=True)
    """When a look at it last began."""
    compared_until = InstantField(null=True)
    heard_since_at = InstantField(null=True)
    """When the first message came by webhook."""
    last_arrival_at = InstantField(null=True)
    """When the last one did."""
    has_erased = peewee.BooleanField(default=False)
    """Whether somebody was erased since the last comparison."""
    erased_at = InstantField(null=True)
    """Nothing up to then is taken in any more: it may be of somebody who was erased."""
    quiet_since_at = InstantField(null=True)
    """Since when no webhook comes, where that is no accident."""
    quiet_because = peewee.TextField(default="")


class ArrivalHour(Table):
    """How many messages of an hour came by webhook, and how many never did."""

    account_id = peewee.CharField()
    hour = InstantField()
    delivered = peewee.IntegerField(default=0)
    missed = peewee.IntegerField(default=0)

    class Meta:
        table_name = "arrival_hour"
        primary_key = peewee.CompositeKey("account_id", "hour")


class ArrivalCount(Table):
    """Up to which message those that came by webhook are counted; one row."""

    name = peewee.CharField(primary_key=True)
    counted_id = peewee.BigIntegerField()
    seen_id = peewee.BigIntegerField()
    """The last message there was then; who had an id up to it is on disk by the next count."""

    class Meta:
        table_name = "arrival_count"
