import peewee

from moca.storage.db.fields import InstantField
from moca.storage.db.tables import Table


class Seat(Table):
    """A lease on a partition or on sending; writes under an earlier epoch are refused."""

    name = peewee.CharField(primary_key=True)
    epoch = peewee.BigIntegerField()
    node = peewee.CharField()
    """Empty once its holder has released it in order."""
    since_at = InstantField()
    lease_ms = peewee.BigIntegerField(null=True)
    """How long a successor waits, in case this holder still acts."""
    lease_epoch = peewee.BigIntegerField(null=True)
    """The epoch that `lease_ms` is of; a version that does not know it leaves it behind."""


class Node(Table):
    """A node of the cluster, with its last heartbeat."""

    name = peewee.CharField(primary_key=True)
    address = peewee.CharField()
    seen_at = InstantField()
