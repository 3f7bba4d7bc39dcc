from collections.abc import Sequence

from moca.core.messages import RecordName
from moca.storage.batch import Batch
from moca.storage.models import Contact
from moca.storage.storable import storable


def record_names(_batch: Batch, commands: Sequence[RecordName]) -> None:
    """Write what contacts are called; nothing for one that was erased meanwhile."""
    for command in commands:
        account_id, psid = command.contact
        named = Contact.update(name=storable(command.name))
        named.where((Contact.psid == psid) & (Contact.account_id == account_id)).execute()
