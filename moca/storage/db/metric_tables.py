import peewee

from moca.storage.db.fields import InstantField
from moca.storage.db.tables import Table


class Freeze(Table):
    """Since when an operator has frozen sending; no row while it is not frozen."""

    name = peewee.CharField(primary_key=True)
    since_at = InstantField()


class _Counted(Table):
    """What is counted in a minute; durations are whole microseconds."""

    minute = InstantField()
    name = peewee.CharField()
    count = peewee.IntegerField()
    total = peewee.BigIntegerField(default=0)
    longest = peewee.BigIntegerField(default=0)


class MinuteMetric(_Counted):
    """The metrics of a minute."""

    class Meta:
        table_name = "minute_figure"
        primary_key = peewee.CompositeKey("minute", "name")


class AccountMetric(_Counted):
    """The metrics of a minute of one account, which are in `MinuteMetric` too.

    They have a table of their own so that the charts of all accounts read no more rows for them.
    """

    account_id = peewee.CharField()

    class Meta:
        table_name = "account_figure"
        primary_key = peewee.CompositeKey("account_id", "minute", "name")
        indexes = ((("minute",), False),)


class QueueCount(Table):
    """The number of queue items by status, maintained by triggers.

    Each PostgreSQL connection counts in its own rows, so that none waits for another; only their
    sum is meaningful.
    """

    status = peewee.CharField()
    shard = peewee.IntegerField()
    items = peewee.BigIntegerField()

    class Meta:
        table_name = "queue_count"
        primary_key = peewee.CompositeKey("status", "shard")


class ReconciledAccount(Table):
    """The state of an account's reconciliation."""

    account_id = peewee.CharField(primary_key=True)
    looked_at = InstantField(null=True)
    """When its last reconciliation began."""
    compared_until = InstantField(null=True)
    heard_since_at = InstantField(null=True)
    """When the first message came by webhook."""
    last_arrival_at = InstantField(null=True)
    """When the last message came by webhook."""
    has_erased = peewee.BooleanField(default=False)
    """Whether a contact was erased since the last reconciliation."""
    erased_at = InstantField(null=True)
    """Messages up to this instant are not stored any more: they may be from an erased contact."""
    quiet_since_at = InstantField(null=True)
    """Since when no webhooks arrive, if that is no accident."""
    quiet_because = peewee.TextField(default="")

    class Meta:
        table_name = "comparison"


class ArrivalHour(Table):
    """The numbers of messages of an hour that came by webhook and that did not."""

    account_id = peewee.CharField()
    hour = InstantField()
    delivered = peewee.IntegerField(default=0)
    missed = peewee.IntegerField(default=0)

    class Meta:
        table_name = "arrival_hour"
        primary_key = peewee.CompositeKey("account_id", "hour")


class ArrivalCount(Table):
    """Up to which message the arrivals by webhook are counted; one row."""

    name = peewee.CharField(primary_key=True)
    counted_id = peewee.BigIntegerField()
    seen_id = peewee.BigIntegerField()
    """The last message at that time; all lower ids are committed by the next count."""

    class Meta:
        table_name = "arrival_count"


class ReportHour(Table):
    """How often something that reports count happened in an hour, by the length of its span."""

    hour = InstantField()
    account_id = peewee.CharField()
    measure = peewee.CharField()
    subject = peewee.CharField()
    bucket = peewee.IntegerField()
    count = peewee.BigIntegerField()

    class Meta:
        table_name = "report_hour"
        primary_key = peewee.CompositeKey("hour", "account_id", "measure", "subject", "bucket")
