import peewee

from moca.storage.db.tables import Table


class AccountProfile(Table):
    """The fingerprints of the ice breakers and menu set for an account; empty if none were set."""

    account_id = peewee.CharField(primary_key=True)
    ice_breakers = peewee.CharField(default="")
    menu = peewee.CharField(default="")

    class Meta:
        table_name = "account_profile"
