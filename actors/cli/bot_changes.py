from concurrent.futures import Future
from dataclasses import replace
from typing import Any, NamedTuple

import peewee
import requests

from actors.bots.workshop import Workshop
from actors.cli.api_token import find_token
from actors.cli.errors import exit_with
from actors.cli.startup import prepare_database
from moca import clock
from moca.core.bots.cases import CaseVerdict
from moca.core.messages.bots import PublishBot, SaveBotCases, SaveBotDraft
from moca.core.messages.command import AwaitedCommand, Conflict, Done
from moca.core.messages.operators import AuditedCommand
from moca.settings.display import mask_passwords
from moca.settings.sections import Settings
from moca.storage.cluster_writer import ClusterWriter
from moca.storage.db.connection import open_database
from moca.storage.db.database_lock import DatabaseInUse, own_database
from moca.storage.queries.team.bots import cases_of_bot, find_bot
from moca.storage.unit_of_work import WriterPolicy

_BY = "command line"
_PATIENCE_SECONDS = 30


class BotImport(NamedTuple):
    """A bot as it is in files, and what becomes of it."""

    name: str
    document: str
    """Valid."""
    cases: str | None = None
    """Valid; None leaves those that are stored."""
    note: str | None = None
    """None saves it as a draft; any other publishes it with that note."""
    override_reason: str = ""
    """Why it is published although cases fail."""


def import_bot(settings: Settings, workshop: Workshop, given: BotImport) -> str:
    """Save a bot's draft and cases, and publish it if it is to be.

    A Moca that owns the database does it if there is one. Returns what was done; on a failure,
    prints it and exits with status 1.
    """
    try:
        with own_database(settings.database.url, clock.now(), patience_seconds=0):
            prepare_database(settings)
            return _written(settings, workshop, given)
    except DatabaseInUse:
        return _asked(settings, given)
    except peewee.PeeweeException as error:
        exit_with(1, mask_passwords(f"database.url: {settings.database.url}: {error}".rstrip()))


def _written(settings: Settings, workshop: Workshop, given: BotImport) -> str:
    database = open_database(settings.database.url)
    # Takes turns with the nodes that use the same PostgreSQL.
    writer = ClusterWriter(database, WriterPolicy())
    name = given.name
    with database.connection_context():
        bot, known = find_bot(name), cases_of_bot(name)
    revision = 0 if bot is None else bot.draft_revision
    if bot is None or bot.draft != given.document:
        revision = _done(writer, SaveBotDraft(name, given.document, revision, _BY, clock.now()))
    cases = known.cases if given.cases is None else given.cases
    if cases != known.cases:
        _done(writer, SaveBotCases(name, cases, known.revision, _BY, clock.now()))
    if given.note is None:
        writer.close()
        return _saved(name, revision)
    results = workshop.check(given.document, cases)
    failed = [each for each in results if each.verdict is CaseVerdict.FAILED]
    if failed and not given.override_reason:
        lines = (f"{each.case.name}: {'; '.join(each.problems)}" for each in failed)
        exit_with(1, f"bot {name}: not published, {len(failed)} cases failed:", *lines)
    override = given.override_reason if failed else ""
    command = PublishBot(name, revision, given.note, _BY, clock.now(), override)
    version = _done(writer, command)
    writer.close()
    return _published(name, version)


def _done(writer: ClusterWriter, command: AwaitedCommand) -> int:
    receipt: Future[Any] = Future()
    what, about = command.audit_text()
    audited = AuditedCommand(replace(command, receipt=receipt), _BY, what, about, clock.now())
    ((_, answer),) = writer.apply([audited]).answers
    if not isinstance(answer, Done) or answer.id is None:
        exit_with(1, f"bot: {answer.because if isinstance(answer, Conflict) else 'not found'}")
    return answer.id


def _asked(settings: Settings, given: BotImport) -> str:
    name = given.name
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {find_token(settings)}"
        api = _Api(session, f"{settings.server.own_address}/api/bots/{name}")
        revision = api.put_if_changed("draft", "document", given.document)
        if given.cases is not None:
            api.put_if_changed("cases", "cases", given.cases)
        if given.note is None:
            return _saved(name, revision)
        body = {"note": given.note, "revision": revision, "override_reason": given.override_reason}
        answer = session.post(f"{api.address}/publish", json=body, timeout=_PATIENCE_SECONDS)
        return _published(name, _answer(answer)["version"])


class _Api(NamedTuple):
    session: requests.Session
    address: str
    """Of the bot."""

    def put_if_changed(self, part: str, key: str, text: str) -> int:
        """Save a part of the bot, and return its revision."""
        at = f"{self.address}/{part}"
        known = self.session.get(at, timeout=_PATIENCE_SECONDS)
        stored: dict[str, Any] = known.json() if known.ok else {"revision": 0, key: None}
        if stored[key] != text:
            body = {key: text, "revision": stored["revision"]}
            stored = _answer(self.session.put(at, json=body, timeout=_PATIENCE_SECONDS))
        revision: int = stored["revision"]
        return revision


def _answer(response: requests.Response) -> Any:
    if not response.ok:
        exit_with(1, f"bot: {response.json()['error']['message']}")
    return response.json()


def _saved(name: str, revision: int) -> str:
    return f"bot {name}: saved as a draft, revision {revision}; publish it with --publish"


def _published(name: str, version: int) -> str:
    return f"bot {name}: published as version {version}"
