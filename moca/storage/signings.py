from collections.abc import Sequence
from typing import Any

from moca.core.messages import NoteSigning
from moca.storage.batch import Batch
from moca.storage.models import Signing


def note_signings(_batch: Batch, commands: Sequence[NoteSigning]) -> None:
    """Write when secrets last signed a webhook."""
    for secret, at in {each.secret: each.at for each in commands}.items():
        row: Any = Signing.insert(secret=secret, last_at=at)
        row.on_conflict(conflict_target=[Signing.secret], preserve=[Signing.last_at]).execute()
