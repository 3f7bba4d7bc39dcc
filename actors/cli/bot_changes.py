from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import closing, contextmanager
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
from moca.core.messages.bots import DeleteBot, PublishBot, SaveBotCases, SaveBotDraft
from moca.core.messages.command import Conflict, Done
from moca.core.messages.operators import AuditedCommand
from moca.settings.display import mask_passwords
from moca.settings.sections import Settings
from moca.storage.cluster_writer import ClusterWriter
from moca.storage.db.connection import open_database
from moca.storage.db.database_lock import DatabaseInUse, own_database
from moca.storage.queries.team.bots import BotCasesRecord, BotRecord, cases_of_bot, find_bot
from moca.storage.unit_of_work import WriterPolicy

_BotCommand = SaveBotDraft | SaveBotCases | PublishBot | DeleteBot
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
        with _own_writer(settings) as (database, writer):
            with database.connection_context():
                known = find_bot(given.name), cases_of_bot(given.name)
            return _written(writer, workshop, given, *known)
    except DatabaseInUse:
        with _api(settings, given.name) as api:
            return _asked(api, given)


def delete_bot(settings: Settings, name: str) -> str:
    """Delete a bot that answers for no account, as `import_bot` changes one."""
    try:
        with _own_writer(settings) as (_, writer):
            _done(writer, DeleteBot(name, clock.now()))
    except DatabaseInUse:
        with _api(settings, name) as api:
            api.call("DELETE")
    return f"bot {name}: deleted; its versions stay on the page /bots"


@contextmanager
def _own_writer(settings: Settings) -> Iterator[tuple[peewee.Database, ClusterWriter]]:
    """Return a database that no running Moca owns, with its writer.

    Raises:
        DatabaseInUse: If one does.
    """
    try:
        with own_database(settings.database.url, clock.now(), patience_seconds=0):
            prepare_database(settings)
            # Takes turns with the nodes that use the same PostgreSQL.
            database = open_database(settings.database.url)
            with closing(ClusterWriter(database, WriterPolicy())) as writer:
                yield database, writer
    except peewee.PeeweeException as error:
        exit_with(1, mask_passwords(f"database.url: {settings.database.url}: {error}".rstrip()))


@contextmanager
def _api(settings: Settings, name: str) -> Iterator["_Api"]:
    """Return the API of the Moca that runs, for a bot."""
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {find_token(settings)}"
        yield _Api(session, name, f"{settings.server.own_address}/api/bots/{name}")


def _written(
    writer: ClusterWriter,
    workshop: Workshop,
    given: BotImport,
    bot: BotRecord | None,
    known: BotCasesRecord,
) -> str:
    name = given.name
    revision = 0 if bot is None else bot.draft_revision
    if bot is None or bot.draft != given.document:
        revision = _done(writer, SaveBotDraft(name, given.document, revision, _BY, clock.now()))
    cases = known.cases if given.cases is None else given.cases
    if cases != known.cases:
        _done(writer, SaveBotCases(name, cases, known.revision, _BY, clock.now()))
    if given.note is None:
        return _saved(name, revision)
    results = workshop.check(given.document, cases)
    failed = [each for each in results if each.verdict is CaseVerdict.FAILED]
    if failed and not given.override_reason:
        lines = (f"{each.case.name}: {'; '.join(each.problems)}" for each in failed)
        exit_with(1, f"bot {name}: not published, {len(failed)} cases failed:", *lines)
    override = given.override_reason if failed else ""
    command = PublishBot(name, revision, given.note, _BY, clock.now(), override)
    return _published(name, _done(writer, command))


def _done(writer: ClusterWriter, command: _BotCommand) -> int:
    receipt: Future[Any] = Future()
    what, about = command.audit_text()
    audited = AuditedCommand(replace(command, receipt=receipt), _BY, what, about, clock.now())
    ((_, answer),) = writer.apply([audited]).answers
    if not isinstance(answer, Done):
        none = "there is none; see all with: moca bot list"
        exit_with(
            1, f"bot {command.name}: {answer.because if isinstance(answer, Conflict) else none}"
        )
    return answer.id or 0


def _asked(api: "_Api", given: BotImport) -> str:
    revision = api.put_if_changed("draft", "document", given.document)
    if given.cases is not None:
        api.put_if_changed("cases", "cases", given.cases)
    if given.note is None:
        return _saved(given.name, revision)
    body = {"note": given.note, "revision": revision, "override_reason": given.override_reason}
    return _published(given.name, api.call("POST", "/publish", body)["version"])


class _Api(NamedTuple):
    session: requests.Session
    name: str
    """Of the bot."""
    address: str

    def put_if_changed(self, part: str, key: str, text: str) -> int:
        """Save a part of the bot, and return its revision."""
        path = f"/{part}"
        known = self.session.get(self.address + path, timeout=_PATIENCE_SECONDS)
        stored: dict[str, Any] = known.json() if known.ok else {"revision": 0, key: None}
        if stored[key] != text:
            stored = self.call("PUT", path, {key: text, "revision": stored["revision"]})
        revision: int = stored["revision"]
        return revision

    def call(self, method: str, path: str = "", body: object = None) -> Any:
        """Return the answer to a request about the bot; exit with its problem if it is refused."""
        response = self.session.request(
            method, self.address + path, json=body, timeout=_PATIENCE_SECONDS
        )
        if not response.ok:
            exit_with(1, f"bot {self.name}: {response.json()['error']['message']}")
        return response.json()


def _saved(name: str, revision: int) -> str:
    return f"bot {name}: saved as a draft, revision {revision}; publish it with --publish"


def _published(name: str, version: int) -> str:
    return f"bot {name}: published as version {version}"
