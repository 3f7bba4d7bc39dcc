import gc
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from threading import BoundedSemaphore
from typing import Any

import peewee
import pykka
from flask import Flask

from actors.background.contact_names import UnnamedContacts
from actors.background.jobs import BackgroundConfig
from actors.background.outgoing_events import OutgoingEvents
from actors.background.profile_sync import GraphProfileSync
from actors.background.reconciliation import ReconciliationConfig
from actors.background.token_refresh import GraphTokenRefresh
from actors.bots.factory import BotFactory
from actors.bots.published_bots import PublishedBots
from actors.bots.workshop import Workshop
from actors.cluster.factory import ClusterMembership, database_address, writer_type
from actors.config import (
    comparing_every,
    own_account_id,
    responders_for,
    retention_periods,
    sender_policy,
    upload_folder,
    web_config,
    writer_policy,
)
from actors.dependencies import Dependencies
from actors.doctor import check_installation
from actors.event_log import log_fact
from actors.graph_clients import (
    SANDBOX_GRAPH,
    Sandbox,
    graph_client,
    login_client,
    settings_account,
)
from actors.notification_targets import notification_targets
from actors.recorders import BudgetReporter, MetricsRecorder, SignatureRecorder
from actors.replay.jobs import RehearsalJobs
from actors.responder import Recall
from actors.runtime.dispatchers import Dispatchers
from actors.runtime.timers import TimerThread
from actors.system import HealthProblems, System
from moca import clock
from moca.core.types import ContactKey
from moca.instagram.graph import GraphClient
from moca.instagram.sandbox.oauth_routes import login_blueprint
from moca.instagram.sandbox.routes import graph_blueprint
from moca.logs import hash_names_with
from moca.push.service import PushService, is_push_installed
from moca.replies.budget import BudgetRecord
from moca.settings.display import shown_settings
from moca.settings.locations import moca_version
from moca.settings.sections import Settings
from moca.storage.accounts.credentials import CredentialStore
from moca.storage.accounts.vault import Vault
from moca.storage.db.connection import open_database
from moca.storage.db.secret import LOG_KEY, keep_secret
from moca.storage.queries.history import ContactHistory, count_made_by, recollect
from moca.storage.queries.stats import database_bytes
from moca.subscriber_client import SubscriberClient
from moca.web.app import create_app
from moca.web.asgi import WebhookGateway
from moca.web.config import OK, DoctorFinding, Health, ProcessStatus, WebPorts
from moca.web.metrics.observer import MetricsObserver
from moca.web.metrics.prometheus import Metrics
from moca.web.webhook import read_forwarded

_AFTER_MIDDLE_ONES = 15_000


def tune_garbage_collection() -> None:
    """Run full cyclic garbage collections rarely; collect the young generation as often as before.

    Actors and messages leave no cycles behind, and a full collection walks every live object: at
    200,000 conversations it took a quarter of the CPU time. Nothing else runs meanwhile, so the
    young generation stays small: beside 1,000,000 conversations, a walk through as many new objects
    stopped everything for two seconds.
    """
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, _AFTER_MIDDLE_ONES)


_MAX_RECALLS = 8


@dataclass(frozen=True, slots=True)
class Application:
    """A running Moca process: what the server calls, and how to stop it."""

    asgi: WebhookGateway
    """The application that the server calls."""
    wsgi: Flask
    """The Flask application behind `asgi`, which can answer every request by itself."""
    stop: Callable[[], None]


def start_application(
    settings: Settings, escalate: Callable[[BaseException], None] | None = None
) -> Application:
    """Start everything that one process runs; the database must have been migrated.

    Args:
        settings: Validated settings.
        escalate: Called with the error when the process cannot go on.
    """
    tune_garbage_collection()
    metrics = Metrics(moca_version())
    joining = ClusterMembership.of(settings)
    database = open_database(database_address(settings))
    with database.connection_context():
        hash_names_with(keep_secret(LOG_KEY))
    vault = Vault(settings.instagram.token_key.get_secret_value(), settings.database.url)
    book = CredentialStore(database, vault, clock.now)
    push = PushService(database, vault, settings.web.public_url) if is_push_installed() else None
    sandbox = Sandbox.of(settings)
    own = settings_account(settings)
    token_for = own.token_for if sandbox is None else sandbox.accounts.token_for
    budget = BudgetReporter()
    factory, bots = _bots(settings, database, budget)
    written = replace(
        writer_policy(settings),
        may_own=own.may_own,
        policy_of=bots.policy_of,
        refresh_bots=bots.refresh,
    )
    timers = TimerThread()
    timers.start()
    policy = sender_policy(settings)
    config = replace(web_config(settings), policy_of=bots.policy_of)
    parts: dict[str, Any] = {
        "sender": policy,
        "dependencies": Dependencies(
            open_writer=lambda: writer_type(joining)(database, written),
            bot_of=bots.of,
            connect=lambda: graph_client(settings, book, token_for),
            responders=responders_for(settings),
            recall=_recall(database),
            observers=(book.observe, MetricsObserver(metrics).observe, log_fact),
            background=BackgroundConfig(
                GraphTokenRefresh(book, lambda: login_client(settings), vault.seal),
                erases=True,
                periods=retention_periods(settings.database),
                profiles=GraphProfileSync(
                    bots.of,
                    database,
                    settings.instagram.account_id,
                    lambda: graph_client(settings, book, token_for),
                ),
                post=notification_targets(settings),
                pushes=push,
                subscribers=OutgoingEvents(
                    database,
                    vault.open,
                    SubscriberClient(allows_private=settings.notify.allow_private),
                ),
                unnamed=UnnamedContacts(database),
                indexes=True,
                comparing=ReconciliationConfig(
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
        else joining.system(
            lambda body, signature: read_forwarded(body, signature, config), **parts
        )
    )
    budget.tell = system.tell
    rehearsals = RehearsalJobs(settings)
    own_accounts = _own_accounts(settings)
    ports = WebPorts(
        database=database,
        tell=system.tell,
        health=lambda: _health(own_accounts, system.health_problems()),
        seal=vault.seal,
        login=lambda: login_client(settings),
        unsubscribe=_unsubscribe(lambda: graph_client(settings, book, token_for)),
        push=push,
        bots=Workshop(settings, factory),
        rehearsals=rehearsals,
        note_signing=SignatureRecorder(system.tell).note,
        process_status=lambda: _process_status(system, database),
        uploads=upload_folder(settings),
        settings=tuple(shown_settings(settings)),
        run_checks=lambda: tuple(
            DoctorFinding(finding.name, finding.is_fine, finding.text)
            for finding in check_installation(settings, database)
        ),
    )
    recorder = MetricsRecorder(metrics.minutes, system.tell, timers)
    app = create_app(ports, config, None if sandbox is None else sandbox.instagram, metrics)
    if sandbox is not None:
        login = login_blueprint(sandbox.instagram, settings.web.public_url)
        app.register_blueprint(login, url_prefix=SANDBOX_GRAPH)
        app.register_blueprint(graph_blueprint(sandbox.instagram), url_prefix=SANDBOX_GRAPH)
    gateway = WebhookGateway(app, ports, config, metrics, settings.server.threads)

    def stop() -> None:
        gateway.close()
        rehearsals.close()
        if sandbox is not None:
            sandbox.delivery.stop()
        recorder.stop()
        system.stop()
        timers.stop()

    return Application(gateway, app, stop)


def _unsubscribe(connect: Callable[[], GraphClient]) -> Callable[[str], str | None]:
    def unsubscribe(account_id: str) -> str | None:
        with closing(connect()) as graph:
            return graph.unsubscribe(account_id)

    return unsubscribe


def _process_status(system: System, database: peewee.Database) -> ProcessStatus:
    try:
        live = system.live_conversations()
    except (pykka.Timeout, pykka.ActorDeadError):
        live = None
    size, wal = database_bytes(database)
    return ProcessStatus(
        waiting=system.waiting(),
        live_conversations=live,
        database_bytes=size,
        wal_bytes=wal,
        seats=system.seats_held(),
    )


def _bots(
    settings: Settings, database: peewee.Database, budget: BudgetReporter
) -> tuple[BotFactory, PublishedBots]:
    def record(name: str) -> BudgetRecord:
        return BudgetRecord(lambda since: _made_by_model(name, since), budget.report)

    def _made_by_model(name: str, since: datetime) -> Mapping[ContactKey, int]:
        with database.connection_context():
            counts = count_made_by("model", since)
        return {
            contact: count
            for contact, count in counts.items()
            if bots.policy_of(contact.account_id).bot.name == name
        }

    factory = BotFactory(settings, record)
    bots = PublishedBots(factory)
    bots.open(database)
    return factory, bots


def _recall(database: peewee.Database) -> Recall:
    # There may be as many concurrent requests as responders, which is more than connections.
    turns = BoundedSemaphore(_MAX_RECALLS)

    def recall(contact: ContactKey, before_id: int, limit: int) -> ContactHistory:
        with turns, database.connection_context():
            return recollect(contact, before_id, limit)

    return recall


def _own_accounts(settings: Settings) -> tuple[str, ...]:
    # The account of the settings, which needs no row in the database.
    return (own_account_id(settings),) if settings.instagram.access_token else ()


def _health(own: tuple[str, ...], health_problems: HealthProblems) -> Health:
    return Health(
        database=health_problems.database or OK,
        sender=health_problems.sender or OK,
        supervisor=health_problems.supervisor or OK,
        accounts={**dict.fromkeys(own, OK), **health_problems.accounts},
    )
