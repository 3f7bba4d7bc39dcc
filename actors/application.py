import gc
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import BoundedSemaphore
from typing import Any

import peewee
import pykka
from flask import Flask

from actors.background.jobs import Keeping
from actors.background.notifications import Post
from actors.background.profile_sync import ProfileDesk
from actors.background.reconciliation import Comparing
from actors.background.token_refresh import TokenDesk
from actors.cluster.factory import Joining, database_address, writer_type
from actors.config import (
    comparing_every,
    conversation_policy,
    own_account_id,
    responders_for,
    sender_policy,
    web_config,
    welcome,
    writer_policy,
)
from actors.dependencies import World
from actors.doctor import look_at
from actors.event_log import log_fact
from actors.graph_clients import (
    SANDBOX_GRAPH,
    Sandbox,
    graph_client,
    login_client,
    settings_account,
)
from actors.recorders import FiguresDesk, SigningNotes
from actors.responder import Recall
from actors.runtime.dispatchers import Dispatchers
from actors.runtime.timers import TimerThread
from actors.system import Ailments, System
from moca import clock
from moca.core.types import ContactKey
from moca.instagram.graph import GraphClient
from moca.instagram.sandbox.oauth_routes import login_blueprint
from moca.instagram.sandbox.routes import graph_blueprint
from moca.logs import hash_contacts_with
from moca.notification_client import NoticeClient
from moca.replies.budget import Spent
from moca.replies.registry import make_generator
from moca.settings.display import shown_settings
from moca.settings.sections import Settings
from moca.storage.accounts.credentials import AccountBook
from moca.storage.accounts.vault import Vault
from moca.storage.db.connection import open_database
from moca.storage.db.secret import LOG_KEY, keep_secret
from moca.storage.queries.history import Recollection, count_made_by, recollect
from moca.storage.queries.stats import database_bytes
from moca.web.app import create_app
from moca.web.asgi import Doorway
from moca.web.config import OK, Finding, Health, Ports, Vitals
from moca.web.metrics.observer import Observation
from moca.web.metrics.prometheus import Metrics
from moca.web.webhook import read_events

_AFTER_MIDDLE_ONES = 15_000


def collect_seldom() -> None:
    """Have the whole process searched for cyclic garbage seldom, what is new as often as ever.

    Actors and messages leave no cycles behind, and what lives is walked through each time: at
    200,000 conversations every fourth microsecond went there. Nothing else runs meanwhile, so the
    new ones are looked at few at a time: beside 1,000,000 conversations, a walk through as many
    new objects stopped everything for two seconds.
    """
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, _AFTER_MIDDLE_ONES)


_MOST_RECALLS = 8


@dataclass(frozen=True, slots=True)
class Application:
    """One process of Moca at work: what the server calls, and how it is brought to an end."""

    asgi: Doorway
    """For the server."""
    wsgi: Flask
    """What stands behind it, and can answer everything alone."""
    stop: Callable[[], None]


def start_application(
    settings: Settings, escalate: Callable[[BaseException], None] | None = None
) -> Application:
    """Start everything that one process runs; the database must have been migrated.

    Args:
        settings: checked ones.
        escalate: told when the process cannot go on.
    """
    collect_seldom()
    metrics = Metrics()
    joining = Joining.of(settings)
    database = open_database(database_address(settings))
    with database.connection_context():
        hash_contacts_with(keep_secret(LOG_KEY))
    vault = Vault(settings.instagram.token_key.get_secret_value(), settings.database.url)
    book = AccountBook(database, vault, clock.now)
    sandbox = Sandbox.of(settings)
    own = settings_account(settings)
    token_for = own.token_for if sandbox is None else sandbox.accounts.token_for
    written = replace(writer_policy(settings), may_own=own.may_own)
    timers = TimerThread()
    timers.start()
    policy = sender_policy(settings)
    config = web_config(settings)
    parts: dict[str, Any] = {
        "conversation": conversation_policy(settings),
        "sender": policy,
        "world": World(
            open_writer=lambda: writer_type(joining)(database, written),
            generator=make_generator(
                settings.replies.chain, settings.replies.tables, _made_by_model(database)
            ),
            connect=lambda: (
                graph_client(settings, book, token_for)
                if joining is None
                else joining.graph_client(book, token_for)
            ),
            responders=responders_for(settings),
            recall=_recall(database),
            observers=(book.observe, Observation(metrics).observe, log_fact),
            keeping=Keeping(
                TokenDesk(book, lambda: login_client(settings), vault.seal),
                erases=True,
                retention=_days(settings.database.retention_days),
                audit=_days(settings.database.audit_days),
                profiles=ProfileDesk(
                    welcome(settings),
                    database,
                    settings.instagram.account_id,
                    lambda: graph_client(settings, book, token_for),
                ),
                post=_post(settings),
                comparing=Comparing(
                    lambda: graph_client(settings, book, token_for),
                    comparing_every(settings),
                    settings.instagram.account_id,
                ),
            ),
            shows_typing=settings.instagram.show_typing,
            escalate=escalate,
        ),
        "dispatchers": Dispatchers.threaded(policy.couriers, responders_for(settings)),
        "timers": timers,
    }
    system = (
        System(**parts)
        if joining is None
        else joining.system(lambda body: read_events(body, config), **parts)
    )
    own_accounts = _own_accounts(settings)
    ports = Ports(
        database=database,
        tell=system.tell,
        health=lambda: _health(own_accounts, system.ailments()),
        seal=vault.seal,
        login=lambda: login_client(settings),
        unsubscribe=_unsubscribe(lambda: graph_client(settings, book, token_for)),
        note_signing=SigningNotes(system.tell).note,
        vitals=lambda: _vitals(system, database),
        settings=tuple(shown_settings(settings)),
        examine=lambda: tuple(
            Finding(line.name, line.is_fine, line.told) for line in look_at(settings, database)
        ),
    )
    figures = FiguresDesk(metrics.minutes, system.tell, timers)
    app = create_app(ports, config, None if sandbox is None else sandbox.instagram, metrics)
    if sandbox is not None:
        login = login_blueprint(sandbox.instagram, settings.web.public_url)
        app.register_blueprint(login, url_prefix=SANDBOX_GRAPH)
        app.register_blueprint(graph_blueprint(sandbox.instagram), url_prefix=SANDBOX_GRAPH)
    doorway = Doorway(app, ports, config, metrics, settings.server.threads)

    def stop() -> None:
        doorway.close()
        if sandbox is not None:
            sandbox.delivery.stop()
        figures.stop()
        system.stop()
        timers.stop()

    return Application(doorway, app, stop)


def _unsubscribe(connect: Callable[[], GraphClient]) -> Callable[[str], str | None]:
    def unsubscribe(account_id: str) -> str | None:
        with closing(connect()) as graph:
            return graph.unsubscribe(account_id)

    return unsubscribe


def _vitals(system: System, database: peewee.Database) -> Vitals:
    try:
        live = system.live_conversations()
    except (pykka.Timeout, pykka.ActorDeadError):
        live = None
    size, wal = database_bytes(database)
    return Vitals(
        waiting=system.waiting(),
        live_conversations=live,
        database_bytes=size,
        wal_bytes=wal,
        seats=system.seats_held(),
    )


def _made_by_model(database: peewee.Database) -> Spent:
    def count(since: datetime) -> Mapping[ContactKey, int]:
        with database.connection_context():
            return count_made_by("model", since)

    return count


def _recall(database: peewee.Database) -> Recall:
    # As many may be asked for at once as there are responders, which is more than connections.
    turns = BoundedSemaphore(_MOST_RECALLS)

    def recall(contact: ContactKey, before_id: int, limit: int) -> Recollection:
        with turns, database.connection_context():
            return recollect(contact, before_id, limit)

    return recall


def _post(settings: Settings) -> Post | None:
    notify = settings.notify
    if not notify.url:
        return None
    return NoticeClient(notify.url, notify.secret.get_secret_value(), notify.timeout_seconds)


def _days(days: int) -> timedelta | None:
    return timedelta(days=days) if days else None


def _own_accounts(settings: Settings) -> tuple[str, ...]:
    # The one that needs no row in the database.
    return (own_account_id(settings),) if settings.instagram.access_token else ()


def _health(own: tuple[str, ...], ailments: Ailments) -> Health:
    return Health(
        database=ailments.database or OK,
        sender=ailments.sender or OK,
        supervisor=ailments.supervisor or OK,
        accounts={**dict.fromkeys(own, OK), **ailments.accounts},
    )
