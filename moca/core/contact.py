from typing import NamedTuple


class ContactKey(NamedTuple):
    """Who writes to whom: a person's id means something only beside the account's."""

    account_id: str
    psid: str
