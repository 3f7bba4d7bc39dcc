import difflib
from pathlib import Path

import click
import peewee
from rich.console import Console
from rich.table import Table

from actors.bots.factory import BotFactory
from actors.bots.workshop import Workshop
from actors.cli.bot_changes import BotImport, delete_bot, import_bot
from actors.cli.check import cases_file_of, read_file
from actors.cli.errors import exit_with
from moca.core.bots.documents import BOT_NAME, BOT_NAME_RULE, BadDocument
from moca.core.types import DEFAULT_BOT
from moca.replies.budget import BudgetRecord
from moca.settings.display import mask_passwords
from moca.settings.sections import Settings
from moca.storage.db.connection import open_database
from moca.storage.queries.team.bots import (
    BotRecord,
    cases_of_bot,
    find_bot,
    list_bots,
    list_versions,
)

_DRAFT = "draft"


@click.group("bot")
def command() -> None:
    """List bots, and exchange them as TOML files."""


@command.command("list")
@click.pass_obj
def list_command(settings: Settings) -> None:
    """Print the bots with their versions and accounts."""
    table = Table("bot", "version", "published (UTC)", "by", "accounts")
    table.add_row(DEFAULT_BOT, "", "", "the settings file", "all others")
    for bot in _read(settings):
        latest, accounts = bot.latest, ", ".join(bot.account_ids)
        if latest is None:
            table.add_row(bot.name, _DRAFT, "", bot.draft_by, accounts)
        else:
            number = f"{latest.number}, changed draft" if bot.is_changed else str(latest.number)
            published = f"{latest.published_at:%Y-%m-%d %H:%M}"
            table.add_row(bot.name, number, published, latest.author, accounts)
    Console().print(table)


@command.command("export")
@click.argument("name")
@click.option("--draft", "is_draft", is_flag=True, help="The draft instead of what is published.")
@click.option("--cases", "is_cases", is_flag=True, help="What is expected of it, instead of it.")
@click.pass_obj
def export_command(
    settings: Settings,
    name: str,
    is_draft: bool,  # noqa: FBT001
    is_cases: bool,  # noqa: FBT001
) -> None:
    """Print the bot NAME as TOML, byte for byte as it was imported or saved."""
    document = _document(settings, name, _DRAFT if is_draft or is_cases else None)
    click.echo(_cases(settings, name) if is_cases else document, nl=False)


@command.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--name", help="Name of the bot; by default that of the file.")
@click.option("--publish", is_flag=True, help="Publish it, so that it decides from now on.")
@click.option("--note", default="", help="What the new version changes.")
@click.option("--override-reason", default="", help="Publish it although cases fail, and say why.")
@click.pass_obj
def import_command(  # noqa: PLR0917 - one parameter per option
    settings: Settings,
    file: Path,
    name: str | None,
    publish: bool,  # noqa: FBT001
    note: str,
    override_reason: str,
) -> None:
    """Save the TOML of FILE as a bot's draft, of a new bot too. Moca may be running.

    If there is a file beside it for its cases, FILE.cases.toml for FILE.toml, they are saved too.
    """
    name = name or file.stem
    if name == DEFAULT_BOT or not BOT_NAME.fullmatch(name):
        exit_with(2, f"bot: {name!r} cannot be imported; choose another --name: {BOT_NAME_RULE}")
    beside = cases_file_of(file)
    document, cases = read_file(file), read_file(beside) if beside.exists() else None
    workshop = _workshop(settings)
    faults = [f"{file}: {fault}" for fault in workshop.faults_of(document)]
    try:
        workshop.cases_in(cases or "")
    except BadDocument as error:
        faults += [f"{beside}: {fault}" for fault in error.faults]
    if faults:
        exit_with(2, *faults)
    asked = note if publish else None
    given = BotImport(name, document, cases, asked, override_reason)
    click.echo(import_bot(settings, workshop, given))


@command.command("delete")
@click.argument("name")
@click.pass_obj
def delete_command(settings: Settings, name: str) -> None:
    """Delete the bot NAME, which no account has; its versions are kept. Moca may be running."""
    if name == DEFAULT_BOT:
        exit_with(2, f"bot: {name!r} comes from the settings file, and is changed there")
    click.echo(delete_bot(settings, name))


@command.command("diff")
@click.argument("name")
@click.argument("versions", nargs=-1)
@click.pass_obj
def diff_command(settings: Settings, name: str, versions: tuple[str, ...]) -> None:
    """Print what changed in the bot NAME from its version to its draft, or between [A B].

    A and B are numbers of versions, or "draft".
    """
    if len(versions) > 2:  # noqa: PLR2004
        exit_with(2, "bot diff: give at most two versions")
    old = versions[0] if versions else None
    new = versions[1] if len(versions) > 1 else _DRAFT
    lines = difflib.unified_diff(
        _document(settings, name, old).splitlines(keepends=True),
        _document(settings, name, new).splitlines(keepends=True),
        f"{name}, {_title(old)}",
        f"{name}, {_title(new)}",
    )
    click.echo("".join(lines), nl=False)


def _title(version: str | None) -> str:
    if version == _DRAFT:
        return version
    return "version in force" if version is None else f"version {version}"


def _document(settings: Settings, name: str, version: str | None) -> str:
    """Return a version's document; that of the version in force for None."""
    if name == DEFAULT_BOT:
        return _workshop(settings).settings_document()
    database = open_database(settings.database.url)
    try:
        with database.connection_context():
            bot, versions = find_bot(name), list_versions(name)
    except peewee.PeeweeException as error:
        exit_with(1, mask_passwords(f"database.url: {settings.database.url}: {error}".rstrip()))
    if bot is None:
        exit_with(1, f"no bot named {name!r}; see them with: moca bot list")
    if version == _DRAFT:
        return bot.draft
    found = (each for each in versions if version is None or str(each.number) == version)
    chosen = next(found, None)
    if chosen is None:
        exit_with(1, f"bot {name} has no {_title(version)}; see its versions on the page /bots")
    return chosen.document


def _cases(settings: Settings, name: str) -> str:
    with open_database(settings.database.url).connection_context():
        return cases_of_bot(name).cases


def _read(settings: Settings) -> tuple[BotRecord, ...]:
    try:
        with open_database(settings.database.url).connection_context():
            return list_bots()
    except peewee.PeeweeException as error:
        exit_with(1, mask_passwords(f"database.url: {settings.database.url}: {error}".rstrip()))


def _workshop(settings: Settings) -> Workshop:
    return Workshop(settings, BotFactory(settings, lambda _name: BudgetRecord()))
