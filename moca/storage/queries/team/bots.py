from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from moca.core.bots.documents import MAX_BOTS
from moca.storage.db.bot_tables import AccountBot, StoredBot, StoredBotCases, StoredBotVersion
from moca.storage.db.rows import read_dicts, read_rows

_MAX_VERSIONS = 200
_MAX_DELETED = 200
_VERSION_COLUMNS = (
    StoredBotVersion.number,
    StoredBotVersion.document,
    StoredBotVersion.author,
    StoredBotVersion.note,
    StoredBotVersion.published_at,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BotVersionRecord:
    """A published version of a bot."""

    number: int
    document: str = field(repr=False)
    author: str
    note: str
    published_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BotRecord:
    """A bot that is kept in the database, with its draft."""

    name: str
    draft: str = field(repr=False)
    draft_revision: int
    draft_by: str
    draft_at: datetime
    latest: BotVersionRecord | None
    """The version in force; None before the first one is published."""
    account_ids: tuple[str, ...]
    """The accounts that it answers for."""

    @property
    def is_changed(self) -> bool:
        """Whether the draft differs from the version in force."""
        return self.latest is None or self.latest.document != self.draft


@dataclass(frozen=True, slots=True, kw_only=True)
class BotCasesRecord:
    """What is expected of a bot, as TOML."""

    cases: str = field(default="", repr=False)
    revision: int = 0
    """0 if nothing was ever expected."""


def cases_of_bot(name: str) -> BotCasesRecord:
    """Return what is expected of a bot."""
    query = StoredBotCases.select(StoredBotCases.cases, StoredBotCases.revision)
    row = next(iter(read_dicts(query.where(StoredBotCases.bot == name))), None)
    return BotCasesRecord() if row is None else BotCasesRecord(**row)


def list_bots() -> tuple[BotRecord, ...]:
    """Return the bots, sorted by name."""
    accounts: dict[str, list[str]] = defaultdict(list)
    assigned = AccountBot.select(AccountBot.bot, AccountBot.account_id)
    for name, account_id in read_rows(assigned.order_by(AccountBot.account_id)):
        accounts[name].append(account_id)
    columns = [each for each in StoredBot._meta.sorted_fields if each is not StoredBot.deleted_at]  # noqa: SLF001
    query = StoredBot.select(*columns).where(StoredBot.deleted_at.is_null())
    rows = list(read_dicts(query.order_by(StoredBot.name).limit(MAX_BOTS)))
    return tuple(
        BotRecord(
            **row,
            latest=next(iter(list_versions(row["name"], 1)), None),
            account_ids=tuple(accounts[row["name"]]),
        )
        for row in rows
    )


def find_bot(name: str) -> BotRecord | None:
    """Return a bot, or None if there is none of this name."""
    return next((bot for bot in list_bots() if bot.name == name), None)


def list_deleted_bots() -> Mapping[str, datetime]:
    """Return when bots were deleted of which versions are kept, by name, sorted by it."""
    return dict(read_rows(_deleted_bots().order_by(StoredBot.name).limit(_MAX_DELETED)))


def deletion_of(name: str) -> datetime | None:
    """Return when a bot was deleted of which versions are kept; None for any other."""
    return dict(read_rows(_deleted_bots().where(StoredBot.name == name))).get(name)


def _deleted_bots() -> Any:
    has_version = StoredBot.name << StoredBotVersion.select(StoredBotVersion.bot)
    is_deleted = StoredBot.deleted_at.is_null(is_null=False) & has_version
    return StoredBot.select(StoredBot.name, StoredBot.deleted_at).where(is_deleted)


def list_versions(name: str, limit: int = _MAX_VERSIONS) -> tuple[BotVersionRecord, ...]:
    """Return the published versions of a bot, newest first."""
    query = StoredBotVersion.select(*_VERSION_COLUMNS).where(StoredBotVersion.bot == name)
    rows = read_dicts(query.order_by(StoredBotVersion.number.desc()).limit(limit))
    return tuple(BotVersionRecord(**row) for row in rows)


def find_version(name: str, number: int) -> BotVersionRecord | None:
    """Return a version of a bot, of a deleted one too; None if there is none."""
    is_it = (StoredBotVersion.bot == name) & (StoredBotVersion.number == number)
    row = next(iter(read_dicts(StoredBotVersion.select(*_VERSION_COLUMNS).where(is_it))), None)
    return None if row is None else BotVersionRecord(**row)


def bot_names_of_accounts() -> dict[str, str]:
    """Return the name of each account's bot, by account id, without those of the settings."""
    query = AccountBot.select(AccountBot.account_id, AccountBot.bot)
    return dict(read_rows(query.where(AccountBot.bot.is_null(is_null=False))))
