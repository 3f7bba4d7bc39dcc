from collections.abc import Sequence
from datetime import datetime

from moca.core.bots.documents import MAX_BOTS
from moca.core.messages.bots import PublishBot, RollBackBot, SaveBotDraft
from moca.core.messages.command import Conflict, Done, NotFound
from moca.storage.db.bot_tables import AccountBot, StoredBot, StoredBotVersion
from moca.storage.db.fields import short, storable
from moca.storage.handlers import handles
from moca.storage.unit_of_work import Batch


@handles(SaveBotDraft)
def save_drafts(batch: Batch, commands: Sequence[SaveBotDraft]) -> None:
    """Store drafts; one that was changed by another editor meanwhile stays as it is."""
    for command in commands:
        bot = StoredBot.get_or_none(StoredBot.name == command.name)
        conflict = _draft_conflict(bot, command.revision)
        if conflict is not None:
            batch.answer(command.receipt, conflict)
            continue
        values = {
            "draft": storable(command.document),
            "draft_revision": command.revision + 1,
            "draft_by": short(command.by),
            "draft_at": command.at,
        }
        if bot is None:
            StoredBot.insert(name=command.name, **values).execute()
        else:
            StoredBot.update(values).where(StoredBot.name == command.name).execute()
        batch.answer(command.receipt, Done(command.revision + 1))


@handles(PublishBot)
def publish_bots(batch: Batch, commands: Sequence[PublishBot]) -> None:
    """Publish drafts. One that equals the latest version is a conflict."""
    for command in commands:
        bot = StoredBot.get_or_none(StoredBot.name == command.name)
        if bot is None:
            batch.answer(command.receipt, NotFound())
        elif conflict := _draft_conflict(bot, command.revision):
            batch.answer(command.receipt, conflict)
        elif (latest := _latest(command.name)) is not None and latest.document == bot.draft:
            because = f"the draft is the same as version {latest.number}; change it first"
            batch.answer(command.receipt, Conflict(because))
        else:
            number = _publish(batch, command, bot.draft, command.note)
            batch.answer(command.receipt, Done(number))


@handles(RollBackBot)
def roll_back_bots(batch: Batch, commands: Sequence[RollBackBot]) -> None:
    """Publish earlier versions again; the drafts stay as they are."""
    for command in commands:
        is_it = (StoredBotVersion.bot == command.name) & (
            StoredBotVersion.number == command.version
        )
        earlier, latest = StoredBotVersion.get_or_none(is_it), _latest(command.name)
        if earlier is None or latest is None:
            batch.answer(command.receipt, NotFound())
        elif earlier.document == latest.document:
            because = f"version {latest.number} is in force and the same"
            batch.answer(command.receipt, Conflict(because))
        else:
            note = f"Rolled back to version {command.version}"
            number = _publish(batch, command, earlier.document, note)
            batch.answer(command.receipt, Done(number))


def assign_bot(batch: Batch, account_id: str, name: str | None) -> Conflict | None:
    """Set which bot answers for an account; None is that of the settings."""
    if name is not None and _latest(name) is None:
        return Conflict(f"no version of a bot {name!r} is published")
    had_other = AccountBot.delete().where(AccountBot.account_id == account_id).execute()
    if name is not None or had_other:
        AccountBot.insert(account_id=account_id, bot=name).execute()
        batch.has_new_bots = True
    return None


def _draft_conflict(bot: StoredBot | None, revision: int) -> Conflict | None:
    if bot is None:
        if revision:
            return Conflict("the bot does not exist; save its first draft with revision 0")
        is_full = StoredBot.select().count() >= MAX_BOTS
        return Conflict(f"there are {MAX_BOTS} bots already") if is_full else None
    if bot.draft_revision == revision:
        return None
    return Conflict(
        f"{bot.draft_by} saved this draft at {_minute(bot.draft_at)}, as revision"
        f" {bot.draft_revision}; reload it, and make your changes again"
    )


def _minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _latest(name: str) -> StoredBotVersion | None:
    versions = StoredBotVersion.select().where(StoredBotVersion.bot == name)
    latest: StoredBotVersion | None = versions.order_by(StoredBotVersion.number.desc()).first()
    return latest


def _publish(batch: Batch, command: PublishBot | RollBackBot, document: str, note: str) -> int:
    latest = _latest(command.name)
    number = 1 if latest is None else latest.number + 1
    StoredBotVersion.insert(
        bot=command.name,
        number=number,
        document=document,
        author=short(command.by),
        note=storable(note),
        published_at=command.at,
    ).execute()
    batch.has_new_bots = True
    return number
