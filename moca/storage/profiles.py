from collections.abc import Sequence
from typing import Any

from moca.core.messages import RecordProfile
from moca.storage.batch import Batch
from moca.storage.models import AccountProfile


def record_profiles(_batch: Batch, commands: Sequence[RecordProfile]) -> None:
    """Write what accounts show by now."""
    for command in commands:
        row: Any = AccountProfile.insert(
            account_id=command.account_id,
            ice_breakers=command.marks.ice_breakers,
            menu=command.marks.menu,
        )
        row.on_conflict(
            conflict_target=[AccountProfile.account_id],
            preserve=[AccountProfile.ice_breakers, AccountProfile.menu],
        ).execute()
