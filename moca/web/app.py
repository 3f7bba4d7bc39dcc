from flask import Blueprint, Flask, Response, jsonify, request
from flask_openapi3.models.info import Info
from flask_openapi3.openapi import OpenAPI
from werkzeug.routing import BaseConverter

from moca.instagram.sandbox.instagram import SandboxInstagram
from moca.storage.queries.freeze import frozen_since
from moca.web.api.accounts import account_routes
from moca.web.api.contacts import contact_routes
from moca.web.api.conversations import conversation_routes
from moca.web.api.me import own_routes
from moca.web.api.messages import message_routes
from moca.web.api.queue import queue_routes
from moca.web.api.stats import cluster_routes, stats_routes
from moca.web.auth.client_address import ClientAddress
from moca.web.auth.current_user import visitor
from moca.web.auth.guards import Access
from moca.web.auth.login import login_routes
from moca.web.auth.my_account import OwnPassword, own_pages
from moca.web.auth.security_events import SecurityEvents
from moca.web.config import Ports, WebConfig
from moca.web.errors import Problem, invalid, register_problems
from moca.web.idempotency import Idempotency
from moca.web.layout import register_frame, register_headers
from moca.web.live_pages import Live
from moca.web.metrics.probes import probe_routes
from moca.web.metrics.prometheus import Metrics
from moca.web.pages.accounts import account_pages
from moca.web.pages.connect import connect_routes
from moca.web.pages.conversation import act_routes, talk_routes
from moca.web.pages.health import health_pages
from moca.web.pages.inbox import inbox_routes
from moca.web.pages.message import page_routes
from moca.web.pages.privacy import privacy_routes
from moca.web.pages.queue import queue_pages
from moca.web.pages.sandbox import sandbox_page, sandbox_routes
from moca.web.pages.settings import settings_pages
from moca.web.pages.setup import way_in
from moca.web.pages.users import user_routes
from moca.web.schemas.base import with_idempotency_keys
from moca.web.schemas.responses import ProblemShape
from moca.web.webhook import LARGEST_BODY_BYTES, webhook_routes


def register_house(
    app: Flask,
    ports: Ports,
    config: WebConfig,
    *,
    access: Access,
    live: Live,
    metrics: Metrics,
) -> None:
    """Add the pages about Moca itself, and let every page know whether the queue is frozen."""
    app.register_blueprint(queue_pages(ports, config, access, live))
    app.register_blueprint(health_pages(ports, access, live, metrics))
    app.register_blueprint(account_pages(ports, config, access))
    app.register_blueprint(settings_pages(ports, access))
    app.register_blueprint(way_in(ports, config, access, app))

    def frozen() -> object:
        """Tell whoever looks since when nothing goes out; None while everything does."""
        if visitor() is None:
            return None
        with ports.database.connection_context():
            return frozen_since()

    app.jinja_env.globals["frozen"] = frozen


class MidConverter(BaseConverter):
    """A message's id in an address: opaque, it may hold anything, slashes too."""

    regex = ".+?"
    part_isolating = False


def create_app(
    ports: Ports,
    config: WebConfig,
    sandbox: SandboxInstagram | None = None,
    metrics: Metrics | None = None,
) -> OpenAPI:
    """Build the web application: the webhook, the REST API, the probes and the pages.

    Without a sandbox there is no sandbox page. Its Graph routes are registered by the caller.
    """
    app = _bare_app()
    metrics = metrics or Metrics()
    app.wsgi_app = ClientAddress(app.wsgi_app, config.trusted_proxies)  # type: ignore[method-assign]
    access = Access(ports, config, SecurityEvents(ports, metrics))
    app.register_blueprint(webhook_routes(ports, config, metrics))
    app.register_blueprint(probe_routes(ports, config, access, metrics))
    live = Live(ports.database)
    register_frame(app, access)
    app.register_blueprint(inbox_routes(access, live))
    app.register_blueprint(talk_routes(ports, access, live))
    app.register_blueprint(act_routes(ports, config, access))
    app.register_blueprint(page_routes(config, access, live))
    app.register_blueprint(login_routes(ports, config, access))
    app.register_blueprint(user_routes(ports, config, access))
    own = OwnPassword(ports, config, access.sessions)
    app.register_blueprint(own_pages(own, access))
    app.register_blueprint(connect_routes(ports, config, access))
    app.register_blueprint(privacy_routes(ports, config))
    register_house(app, ports, config, access=access, live=live, metrics=metrics)
    for routes in (
        message_routes(ports, config, access),
        conversation_routes(ports, config, access),
        contact_routes(ports, config, access),
        queue_routes(ports, config, access),
        account_routes(ports, config, access),
        stats_routes(ports, access),
        cluster_routes(ports, access),
        own_routes(own, access),
    ):
        app.register_api(routes)
    app.register_blueprint(_description(app))
    if sandbox is not None:
        app.register_blueprint(sandbox_page(access))
        app.register_blueprint(sandbox_routes(sandbox, ports, config, access))
    Idempotency(ports, config).guard(app)
    app.jinja_env.globals["has_sandbox"] = sandbox is not None
    return app


def _bare_app() -> OpenAPI:
    app = OpenAPI(
        __name__,
        info=Info(title="Moca", version="0.1.0"),
        doc_ui=False,
        security_schemes={"token": {"type": "http", "scheme": "bearer"}},
        validation_error_model=ProblemShape,
        validation_error_callback=invalid,
    )
    app.url_map.converters["mid"] = MidConverter
    # An id may hold two slashes in a row.
    app.url_map.merge_slashes = False
    # One more than allowed, so that a longer body of unannounced length shows itself.
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY_BYTES + 1
    app.before_request(_refuse_nul)
    register_problems(app)
    register_headers(app)
    return app


def _refuse_nul() -> None:
    # PostgreSQL takes no such text, not even to look for it.
    if "\x00" in request.path:
        raise Problem(404, "nothing is named with a NUL")


def _description(app: OpenAPI) -> Blueprint:
    routes = Blueprint("description", __name__)

    @routes.get("/openapi.json")
    def description() -> Response:
        return jsonify(with_idempotency_keys(app.api_doc))

    return routes
