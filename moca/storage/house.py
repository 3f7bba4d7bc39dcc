from collections.abc import Sequence

from moca.core.messages import HouseKept, KeepHouse
from moca.storage.batch import Batch
from moca.storage.deleting import delete_portion, find_erased
from moca.storage.forgetting import forget_deeds, forget_portion
from moca.storage.idempotency import forget_keys
from moca.storage.scrubs import scrub_portion


def keep_house(batch: Batch, commands: Sequence[KeepHouse]) -> None:
    """Erase a portion of what people asked for, and of what is too old to be kept."""
    batch.write_steps()
    for command in commands:
        before, portion = command.forget_before, command.portion
        more = delete_portion(batch, portion)
        more |= forget_keys(command.at, portion)
        more |= scrub_portion(portion)
        more |= before is not None and forget_portion(before, portion)
        deeds_before = command.forget_deeds_before
        more |= deeds_before is not None and forget_deeds(deeds_before, portion)
        batch.erased = dict.fromkeys(find_erased(), command.at)
        batch.tell(HouseKept(has_more=more or bool(batch.erased)))
