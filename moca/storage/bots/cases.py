from collections.abc import Sequence

from moca.core.messages.bots import SaveBotCases
from moca.core.messages.command import Conflict, Done, NotFound
from moca.core.types import DEFAULT_BOT
from moca.storage.bots.versions import find_stored_bot
from moca.storage.db.bot_tables import StoredBotCases
from moca.storage.db.fields import short, storable
from moca.storage.handlers import handles
from moca.storage.unit_of_work import Batch


@handles(SaveBotCases)
def save_cases(batch: Batch, commands: Sequence[SaveBotCases]) -> None:
    """Store cases; those that another editor changed meanwhile stay as they are."""
    for command in commands:
        stored = StoredBotCases.get_or_none(StoredBotCases.bot == command.name)
        revision = 0 if stored is None else stored.revision
        if command.name != DEFAULT_BOT and find_stored_bot(command.name) is None:
            batch.answer(command.receipt, NotFound())
        elif revision != command.revision:
            by = "they were removed" if stored is None else f"{stored.saved_by} saved these cases"
            because = f"{by} meanwhile; reload them, and make your changes again"
            batch.answer(command.receipt, Conflict(because))
        else:
            _store(command)
            batch.answer(command.receipt, Done(command.revision + 1))


def _store(command: SaveBotCases) -> None:
    values = {
        "cases": storable(command.cases),
        "revision": command.revision + 1,
        "saved_by": short(command.by),
        "saved_at": command.at,
    }
    if command.revision:
        StoredBotCases.update(values).where(StoredBotCases.bot == command.name).execute()
    else:
        StoredBotCases.insert(bot=command.name, **values).execute()
