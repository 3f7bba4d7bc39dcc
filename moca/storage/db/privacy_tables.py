import peewee

from moca.storage.db.fields import InstantField
from moca.storage.db.tables import Table


class DeletionRequest(Table):
    """A request for erasure, with the code by which its progress can be looked up."""

    code = peewee.CharField(primary_key=True)
    account_id = peewee.CharField(null=True)
    """The account whose contacts are erased one by one; None if the request names no account."""
    requested_at = InstantField()
    completed_at = InstantField(null=True)

    class Meta:
        table_name = "deletion_request"


class PendingRedaction(Table):
    """A search in progress for webhook bodies naming a contact, or an account if psid is None."""

    id = peewee.BigAutoField()
    account_id = peewee.CharField()
    psid = peewee.CharField(null=True)
    code = peewee.CharField(null=True)
    after_id = peewee.BigIntegerField(default=0)
    until_id = peewee.BigIntegerField()

    class Meta:
        table_name = "scrub"


class CondensedJourneys(Table):
    """How far the journeys of answered messages are condensed."""

    name = peewee.CharField(primary_key=True)
    last_step_id = peewee.BigIntegerField()

    class Meta:
        table_name = "condensed_journeys"
