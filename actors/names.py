from actors.pool import Pool
from moca import clock
from moca.core.messages import ReadName
from moca.core.reads import Reads


class NameDesk:
    """Lets names be read as far as an account's reads allow: a flood of contacts is none of calls.

    A name that is not read now is asked for again when its conversation is next loaded.
    """

    def __init__(self, readers: Pool, reads: Reads) -> None:
        self._readers = readers
        self._reads = reads

    def read(self, wanted: ReadName) -> None:
        """Have a name read, if the second still allows it. Any thread."""
        if self._reads.take(wanted.contact.account_id, clock.now()):
            self._readers.try_tell(wanted)
