from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click
import peewee
from rich.console import Console
from rich.table import Table
from rich.text import Text

from actors.bots.factory import BotFactory
from actors.bots.workshop import Workshop
from actors.cli.errors import exit_with
from moca.core.bots.cases import CaseResult, CaseVerdict
from moca.core.bots.documents import BadDocument
from moca.core.types import DEFAULT_BOT
from moca.replies.budget import BudgetRecord
from moca.settings.display import mask_passwords
from moca.settings.sections import Settings
from moca.storage.db.connection import open_database
from moca.storage.queries.team.bots import cases_of_bot, list_bots

CASES_SUFFIX = ".cases.toml"


class _Subject(NamedTuple):
    """A bot, and what is expected of it."""

    title: str
    document: str
    cases: str


@click.command("check")
@click.argument("bots", nargs=-1, metavar="[BOT|FILE]…")
@click.pass_obj
def command(settings: Settings, bots: tuple[str, ...]) -> None:
    """Run the cases of bots without sending anything; by default those of all bots.

    BOT is checked with its draft and the cases that are stored for it, FILE with the cases in the
    file beside it, FILE.cases.toml for FILE.toml. Exits with status 1 if a case fails. A case that
    would need a language model is reported, and does not fail.
    """
    workshop = Workshop(settings, BotFactory(settings, lambda _name: BudgetRecord()))
    table = Table("bot", "case", "result", "")
    verdicts: list[CaseVerdict] = []
    for subject in _subjects(settings, workshop, bots):
        for result in _results(workshop, subject):
            verdicts.append(result.verdict)
            table.add_row(*_row(subject.title, result))
    console = Console()
    if verdicts:
        console.print(table)
    passed, failed, unknown = map(verdicts.count, CaseVerdict)
    console.print(f"{passed} passed, {failed} failed, {unknown} need the model")
    if failed:
        raise SystemExit(1)


def _row(title: str, result: CaseResult) -> tuple[Text, ...]:
    # As text, because square brackets in it are not markup.
    cells = (title, result.case.name, str(result.verdict), "\n".join(result.problems))
    return tuple(map(Text, cells))


def _results(workshop: Workshop, subject: _Subject) -> tuple[CaseResult, ...]:
    try:
        return workshop.check(subject.document, subject.cases)
    except BadDocument as error:
        exit_with(2, *(f"{subject.title}: {fault}" for fault in error.faults))


def _subjects(settings: Settings, workshop: Workshop, names: tuple[str, ...]) -> Iterator[_Subject]:
    files = [name for name in names if name.endswith(".toml")]
    for name in files:
        path = Path(name)
        yield _Subject(name, read_file(path), read_file(cases_file_of(path)))
    if files and len(files) == len(names):
        return
    stored = _stored(settings, workshop)
    for name in names or stored:
        if name not in stored and name not in files:
            exit_with(1, f"no bot named {name!r}; see them with: moca bot list")
    for name in names or stored:
        yield from stored.get(name, ())


def cases_file_of(document: Path) -> Path:
    """Return the file beside a bot's document in which its cases are."""
    return document.with_name(f"{document.stem}{CASES_SUFFIX}")


def _stored(settings: Settings, workshop: Workshop) -> dict[str, list[_Subject]]:
    """Return the bots of the database and that of the settings, by name.

    The settings' bot is checked with the cases in the file beside its rules as well.
    """
    beside = cases_file_of(Path(settings.replies.rules.file))
    documents = {DEFAULT_BOT: workshop.settings_document()}
    stored = {DEFAULT_BOT: [_Subject(DEFAULT_BOT, documents[DEFAULT_BOT], "")]}
    database = open_database(settings.database.url)
    try:
        with database.connection_context():
            # In CI, there may be nothing but files.
            if database.table_exists("bot_cases"):
                documents |= {bot.name: bot.draft for bot in list_bots()}
                stored = {
                    name: [_Subject(name, document, cases_of_bot(name).cases)]
                    for name, document in documents.items()
                }
    except peewee.PeeweeException as error:
        exit_with(1, mask_passwords(f"database.url: {settings.database.url}: {error}".rstrip()))
    if beside.exists():
        own = _Subject(str(beside), documents[DEFAULT_BOT], read_file(beside))
        stored[DEFAULT_BOT].append(own)
    return stored


def read_file(path: Path) -> str:
    """Return a text with the ends of its lines as they are; exit with status 1 if it cannot."""
    try:
        return path.read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        exit_with(1, f"{path}: {error}")
