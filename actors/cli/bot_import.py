from concurrent.futures import Future
from dataclasses import replace
from typing import Any

import peewee
import requests

from actors.cli.api_token import find_token
from actors.cli.errors import exit_with
from actors.cli.startup import prepare_database
from moca import clock
from moca.core.messages.bots import PublishBot, SaveBotDraft
from moca.core.messages.command import AwaitedCommand, Conflict, Done
from moca.core.messages.operators import AuditedCommand
from moca.settings.display import mask_passwords
from moca.settings.sections import Settings
from moca.storage.cluster_writer import ClusterWriter
from moca.storage.db.connection import open_database
from moca.storage.db.database_lock import DatabaseInUse, own_database
from moca.storage.queries.team.bots import find_bot
from moca.storage.unit_of_work import WriterPolicy

_BY = "command line"
_PATIENCE_SECONDS = 30


def import_bot(settings: Settings, name: str, document: str, note: str | None) -> str:
    """Save a valid document as a bot's draft, and publish it unless the note is None.

    A Moca that owns the database does it if there is one. Returns what was done; on a failure,
    prints it and exits with status 1.
    """
    try:
        with own_database(settings.database.url, clock.now(), patience_seconds=0):
            prepare_database(settings)
            return _written(settings, name, document, note)
    except DatabaseInUse:
        return _asked(settings, name, document, note)
    except peewee.PeeweeException as error:
        exit_with(1, mask_passwords(f"database.url: {settings.database.url}: {error}".rstrip()))


def _written(settings: Settings, name: str, document: str, note: str | None) -> str:
    database = open_database(settings.database.url)
    # Takes turns with the nodes that use the same PostgreSQL.
    writer = ClusterWriter(database, WriterPolicy())
    with database.connection_context():
        bot = find_bot(name)
    revision = 0 if bot is None else bot.draft_revision
    if bot is None or bot.draft != document:
        revision = _done(writer, SaveBotDraft(name, document, revision, _BY, clock.now()))
    if note is None:
        writer.close()
        return _saved(name, revision)
    version = _done(writer, PublishBot(name, revision, note, _BY, clock.now()))
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


def _asked(settings: Settings, name: str, document: str, note: str | None) -> str:
    at = f"{settings.server.own_address}/api/bots/{name}"
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {find_token(settings)}"
        known = session.get(f"{at}/draft", timeout=_PATIENCE_SECONDS)
        draft: dict[str, Any] = known.json() if known.ok else {"revision": 0, "document": None}
        revision: int = draft["revision"]
        if draft["document"] != document:
            body = {"document": document, "revision": revision}
            revision = _answer(session.put(f"{at}/draft", json=body, timeout=_PATIENCE_SECONDS))[
                "revision"
            ]
        if note is None:
            return _saved(name, revision)
        body = {"note": note, "revision": revision}
        answer = session.post(f"{at}/publish", json=body, timeout=_PATIENCE_SECONDS)
        return _published(name, _answer(answer)["version"])


def _answer(response: requests.Response) -> Any:
    if not response.ok:
        exit_with(1, f"bot: {response.json()['error']['message']}")
    return response.json()


def _saved(name: str, revision: int) -> str:
    return f"bot {name}: saved as a draft, revision {revision}; publish it with --publish"


def _published(name: str, version: int) -> str:
    return f"bot {name}: published as version {version}"
