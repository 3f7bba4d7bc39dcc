from collections.abc import Sequence
from datetime import datetime

from peewee import JOIN

from moca.core.bots.documents import MAX_BOTS
from moca.core.messages.bots import DeleteBot, PublishBot, RollBackBot, SaveBotDraft
from moca.core.messages.command import Conflict, Done, NotFound
from moca.storage.db.bot_tables import AccountBot, StoredBot, StoredBotCases, StoredBotVersion
from moca.storage.db.fields import short, storable
from moca.storage.db.rows import read_rows
from moca.storage.db.tables import Account
from moca.storage.handlers import handles
from moca.storage.unit_of_work import Batch


@handles(SaveBotDraft)
def save_drafts(batch: Batch, commands: Sequence[SaveBotDraft]) -> None:
    """Store drafts; one that was changed by another editor meanwhile stays as it is."""
    for command in commands:
        conflict = _draft_conflict(find_stored_bot(command.name), command.revision)
        if conflict is not None:
            batch.answer(command.receipt, conflict)
            continue
        row = StoredBot.get_or_none(StoredBot.name == command.name)
        revision = 1 if row is None else row.draft_revision + 1
        values = {
            "draft": storable(command.document),
            "draft_revision": revision,
            "draft_by": short(command.by),
            "draft_at": command.at,
            "deleted_at": None,
        }
        if row is None:
            StoredBot.insert(name=command.name, **values).execute()
        else:
            StoredBot.update(values).where(StoredBot.name == command.name).execute()
        batch.answer(command.receipt, Done(revision))


@handles(PublishBot)
def publish_bots(batch: Batch, commands: Sequence[PublishBot]) -> None:
    """Publish drafts. One that equals the latest version is a conflict."""
    for command in commands:
        bot = find_stored_bot(command.name)
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
        if earlier is None or latest is None or find_stored_bot(command.name) is None:
            batch.answer(command.receipt, NotFound())
        elif earlier.document == latest.document:
            because = f"version {latest.number} is in force and the same"
            batch.answer(command.receipt, Conflict(because))
        else:
            note = f"Rolled back to version {command.version}"
            number = _publish(batch, command, earlier.document, note)
            batch.answer(command.receipt, Done(number))


@handles(DeleteBot)
def delete_bots(batch: Batch, commands: Sequence[DeleteBot]) -> None:
    """Delete bots with what is expected of them; one that answers for an account stays."""
    for command in commands:
        names = _names_of_accounts(command.name)
        if find_stored_bot(command.name) is None:
            batch.answer(command.receipt, NotFound())
        elif names:
            because = f"it answers for {', '.join(names)}; choose another bot for them first"
            batch.answer(command.receipt, Conflict(because))
        else:
            is_it = StoredBot.name == command.name
            StoredBot.update(deleted_at=command.at).where(is_it).execute()
            StoredBotCases.delete().where(StoredBotCases.bot == command.name).execute()
            batch.answer(command.receipt, Done())


def _names_of_accounts(bot: str) -> list[str]:
    query = AccountBot.select(AccountBot.account_id, Account.username, Account.name).join(
        Account, JOIN.LEFT_OUTER, on=(Account.account_id == AccountBot.account_id)
    )
    rows = read_rows(query.where(AccountBot.bot == bot).order_by(AccountBot.account_id))
    return [username or name or account_id for account_id, username, name in rows]


def find_stored_bot(name: str) -> StoredBot | None:
    """Return a bot; None if there is none, or it was deleted."""
    found: StoredBot | None = StoredBot.get_or_none(
        (StoredBot.name == name) & StoredBot.deleted_at.is_null()
    )
    return found


def assign_bot(batch: Batch, account_id: str, name: str | None) -> Conflict | None:
    """Set which bot answers for an account; None is that of the settings."""
    if name is not None and (find_stored_bot(name) is None or _latest(name) is None):
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
        is_full = StoredBot.select().where(StoredBot.deleted_at.is_null()).count() >= MAX_BOTS
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
