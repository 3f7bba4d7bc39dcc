from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask
from pydantic import SecretStr

from actors.factlog import log_fact
from actors.placement import Dispatchers
from actors.policies import conversation_policy, sender_policy, web_config, writer_policy
from actors.system import Ailments, System, World, couriers_for
from actors.timers import TimerThread
from moca.instagram.graph import GraphClient
from moca.instagram.sandbox.accounts import SandboxAccounts
from moca.instagram.sandbox.instagram import SandboxInstagram
from moca.instagram.sandbox.routes import graph_blueprint
from moca.instagram.sandbox.webhooks import WebhookDelivery
from moca.replies.registry import make_generator
from moca.settings import Settings
from moca.settings.sections import GRAPH_URL
from moca.storage.database import open_database
from moca.storage.writer import Writer
from moca.web.app import create_app
from moca.web.config import Ports
from moca.web.health import OK, Health
from moca.web.metrics import Metrics
from moca.web.observation import Observation

_SANDBOX_GRAPH = "/sandbox/graph"
_WEBHOOK = "/api/instagram/webhook"


@dataclass(frozen=True, slots=True)
class Application:
    """One process of Moca at work: what the server calls, and how it is brought to an end."""

    wsgi: Flask
    stop: Callable[[], None]


def start_application(
    settings: Settings, escalate: Callable[[BaseException], None] | None = None
) -> Application:
    """Start everything that one process runs; the database must have been migrated.

    Args:
        settings: checked ones.
        escalate: told when the process cannot go on.
    """
    metrics = Metrics()
    database = open_database(settings.database.url)
    sandbox = _Sandbox.of(settings)
    timers = TimerThread()
    timers.start()
    policy = sender_policy(settings)
    couriers = couriers_for(policy, settings.instagram.timeout_seconds)
    system = System(
        conversation=conversation_policy(settings),
        sender=policy,
        world=World(
            open_writer=lambda: Writer(database, writer_policy(settings)),
            generator=make_generator(settings.replies.generator, settings.replies.mock_text),
            connect=lambda: _graph_client(settings, sandbox),
            observers=(Observation(metrics).observe, log_fact),
            escalate=escalate,
        ),
        dispatchers=Dispatchers.threaded(couriers),
        timers=timers,
        couriers=couriers,
    )
    account_id = settings.instagram.account_id or "default"
    ports = Ports(
        database=database,
        tell=system.tell,
        health=lambda: _health(account_id, system.ailments()),
    )
    app = create_app(
        ports, web_config(settings), None if sandbox is None else sandbox.instagram, metrics
    )
    if sandbox is not None:
        app.register_blueprint(graph_blueprint(sandbox.instagram), url_prefix=_SANDBOX_GRAPH)

    def stop() -> None:
        if sandbox is not None:
            sandbox.delivery.stop()
        system.stop()
        timers.stop()

    return Application(app, stop)


def _health(account_id: str, ailments: Ailments) -> Health:
    return Health(
        database=ailments.database or OK,
        sender=ailments.sender or OK,
        supervisor=ailments.supervisor or OK,
        accounts={account_id: OK, **ailments.accounts},
    )


@dataclass(frozen=True, slots=True)
class _Sandbox:
    """The stand-in for Instagram within this process."""

    instagram: SandboxInstagram
    accounts: SandboxAccounts
    delivery: WebhookDelivery

    @classmethod
    def of(cls, settings: Settings) -> "_Sandbox | None":
        """Start it, unless Instagram is somewhere else."""
        instagram = settings.instagram
        if instagram.mode == "live" or instagram.graph_url != GRAPH_URL:
            return None
        accounts = SandboxAccounts(instagram.account_id, instagram.access_token.get_secret_value())
        delivery = WebhookDelivery(
            own_address(settings) + _WEBHOOK, first_secret(instagram.app_secret)
        )
        delivery.start()
        return cls(SandboxInstagram(accounts, delivery.put), accounts, delivery)


def own_address(settings: Settings) -> str:
    """Give the address at which this machine reaches the service."""
    host = settings.server.host
    reachable = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)
    return f"http://{reachable}:{settings.server.port}"


def first_secret(secrets: SecretStr) -> str:
    """Give the first of several comma-separated secrets."""
    return secrets.get_secret_value().split(",")[0].strip()


def _graph_client(settings: Settings, sandbox: _Sandbox | None) -> GraphClient:
    instagram = settings.instagram
    if sandbox is not None:
        base_url = own_address(settings) + _SANDBOX_GRAPH
        token_for: Callable[[str], str] = sandbox.accounts.token_for
    else:
        base_url = instagram.graph_url
        token_for = _same_for_all(instagram.access_token)
    return GraphClient(base_url, instagram.api_version, token_for, instagram.timeout_seconds)


def _same_for_all(access_token: SecretStr) -> Callable[[str], str]:
    return lambda _account_id: access_token.get_secret_value()
