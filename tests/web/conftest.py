from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import peewee
import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from freezegun.api import FrozenDateTimeFactory

from actors.bots.factory import BotFactory
from actors.bots.workshop import Workshop
from moca.core.accounts import LoginKind
from moca.core.bots.rehearsals import Rehearsals
from moca.core.messages.command import AwaitedCommand, Done
from moca.core.messages.operators import AuditedCommand
from moca.instagram.oauth import Connected, LoginClient, LoginFailed
from moca.instagram.sandbox.accounts import SandboxAccounts
from moca.instagram.sandbox.instagram import SandboxInstagram
from moca.replies.budget import BudgetRecord
from moca.settings.sections import Settings
from moca.storage.writer import Writer, WriterPolicy
from moca.uploads.folder import UploadFolder
from moca.web.app import create_app
from moca.web.auth import passwords
from moca.web.config import Health, WebConfig, WebPorts
from moca.web.metrics.prometheus import Metrics
from tests.support.databases import open_migrated
from tests.support.frozen_time import frozen_at
from tests.support.sessions import SessionCommands
from tests.support.values import of_kind, present
from tests.web.desk import WebDesk
from tests.web.rows import AT

TOKEN = "the-api-token"
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
SECRETS = ("first-secret", "second-secret")


@dataclass
class Backend:
    """The web's backend in a test: it executes commands and answers their receipts."""

    commands: list[object] = field(default_factory=list[object])
    audited: list[tuple[str, str, str]] = field(default_factory=list[tuple[str, str, str]])
    """Who did what to what."""
    author_ids: list[object] = field(default_factory=list[object])
    """Ids of their authors."""
    health: Health = field(default_factory=lambda: Health(accounts={"17841400000000001": "ok"}))
    answer: object = field(default_factory=Done)
    refuses: Exception | None = None
    sessions: SessionCommands | None = None
    """Stores the sessions of browsers that opened the link."""

    def tell(self, command: object) -> None:
        if self.refuses is not None:
            raise self.refuses
        if self.sessions is not None and self.sessions.takes(command):
            return
        if isinstance(command, AuditedCommand):
            self.audited.append((command.by, command.what, command.about))
            self.author_ids.append(command.by_id)
            command = command.command
        self.commands.append(command)
        if self.answer is None:
            return
        receipt = of_kind(command, AwaitedCommand).receipt
        if isinstance(self.answer, Exception):
            present(receipt).set_exception(self.answer)
        elif callable(self.answer):
            present(receipt).set_result(self.answer(command))
        elif receipt is not None:
            receipt.set_result(self.answer)


@dataclass
class Sealing:
    """Encrypts a token readably for tests, or fails as told."""

    error: Exception | None = None

    def seal(self, token: str) -> str:
        if self.error is not None:
            raise self.error
        return f"sealed:{token}"


@dataclass
class ScriptedLogin(LoginClient):
    """Meta's side of a login: it answers as scripted, and records the requests."""

    answer: tuple[Connected, ...] | LoginFailed = ()
    asked: list[tuple[object, ...]] = field(default_factory=list[tuple[object, ...]])

    def dialog(self, flavour: LoginKind, redirect_uri: str, state: str) -> str:
        self.asked.append((flavour, redirect_uri))
        return f"https://www.instagram.com/oauth/authorize?state={state}"

    def connect(
        self, flavour: LoginKind, code: str, redirect_uri: str
    ) -> tuple[Connected, ...] | LoginFailed:
        self.asked.append((flavour, code, redirect_uri))
        return self.answer

    def close(self) -> None:
        pass


@dataclass
class Meta:
    """Ends subscriptions, or returns why not."""

    because: str | None = None
    unsubscribed: list[object] = field(default_factory=list[object])

    def unsubscribe(self, account_id: str) -> str | None:
        self.unsubscribed.append(account_id)
        return self.because


@pytest.fixture
def meta() -> Meta:
    return Meta()


@pytest.fixture(autouse=True)
def _cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash with minimal work; real hashes are slow on purpose."""
    monkeypatch.setattr(passwords, "_HASHER", CHEAP)


@pytest.fixture
def sealing() -> Sealing:
    return Sealing()


@pytest.fixture
def login() -> ScriptedLogin:
    return ScriptedLogin()


@pytest.fixture
def frozen() -> Iterator[FrozenDateTimeFactory]:
    with frozen_at(AT, real_asyncio=True) as clock:
        yield clock


@pytest.fixture
def database(tmp_path: Path, frozen: FrozenDateTimeFactory) -> Iterator[peewee.Database]:
    database = open_migrated(tmp_path)
    yield database
    database.close()


@pytest.fixture
def backend(database: peewee.Database) -> Backend:
    return Backend(sessions=SessionCommands(database))


@pytest.fixture
def config() -> WebConfig:
    return WebConfig(
        app_secrets=SECRETS,
        verify_token="the-verify-token",
        api_token=TOKEN,
        receipt_timeout=timedelta(0),
    )


@pytest.fixture
def metrics() -> Metrics:
    return Metrics("1.2.3")


@pytest.fixture
def delivered() -> list[bytes]:
    """The webhooks that the sandbox sent."""
    return []


@pytest.fixture
def sandbox(delivered: list[bytes]) -> SandboxInstagram:
    accounts = SandboxAccounts("17841400000000001", "sandbox-access-token")
    return SandboxInstagram(accounts, delivered.append)


@pytest.fixture
def uploads(tmp_path: Path) -> UploadFolder:
    """The folder of files that the team attaches."""
    return UploadFolder(tmp_path / "uploads")


@pytest.fixture
def app(
    database: peewee.Database,
    backend: Backend,
    config: WebConfig,
    sandbox: SandboxInstagram,
    metrics: Metrics,
    sealing: Sealing,
    login: ScriptedLogin,
    meta: Meta,
    uploads: UploadFolder,
    workshop: Workshop,
    rehearsals: Rehearsals | None,
) -> Flask:
    ports = WebPorts(
        database=database,
        tell=backend.tell,
        health=lambda: backend.health,
        seal=sealing.seal,
        login=lambda: login,
        unsubscribe=meta.unsubscribe,
        uploads=uploads,
        bots=workshop,
        rehearsals=rehearsals,
    )
    return create_app(ports, config, sandbox, metrics)


@pytest.fixture
def rehearsals() -> None:
    """Rehearses no drafts."""


@pytest.fixture
def workshop() -> Workshop:
    """Checks and tries bots as a server with the default settings does."""
    settings = Settings()
    return Workshop(settings, BotFactory(settings, lambda _name: BudgetRecord()))


@pytest.fixture
def stranger(app: Flask) -> FlaskClient:
    """A client without the token."""
    return app.test_client()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A client with the token."""
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {TOKEN}"
    return client


@pytest.fixture
def browser_session(app: Flask) -> FlaskClient:
    """A client that opened the printed link and has only its cookie."""
    return logged_in(app)


@pytest.fixture
def written_session(database: peewee.Database, config: WebConfig) -> FlaskClient:
    """A browser session of a Moca whose commands are really written."""
    ports = WebPorts(database=database, tell=WebDesk(database).tell, health=Health)
    return logged_in(create_app(ports, config))


def logged_in(app: Flask) -> FlaskClient:
    client = app.test_client()
    client.get("/", query_string={"token": TOKEN})
    return client


@pytest.fixture
def written(backend: Backend, database: peewee.Database) -> None:
    """Commands are carried out as by the persistence actor."""
    writer = Writer(database, WriterPolicy())

    def carry_out(command: AwaitedCommand) -> object:
        ((_, answer),) = writer.apply([replace(command, receipt=Future())]).answers
        return answer

    backend.answer = carry_out
