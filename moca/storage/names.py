from collections.abc import Sequence

from moca.core.contact import readable_name
from moca.core.messages import RecordName
from moca.storage.batch import Batch
from moca.storage.models import Contact, is_contact
from moca.storage.storable import storable


def record_names(_batch: Batch, commands: Sequence[RecordName]) -> None:
    """Write what contacts are called; nothing for one that was erased meanwhile."""
    for command in commands:
        named = Contact.update(name=readable_name(storable(command.name)))
        named.where(is_contact(command.contact)).execute()
