from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from flask import Blueprint, Flask, Response, jsonify, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.info import Info
from flask_openapi3.models.server import Server
from flask_openapi3.openapi import OpenAPI
from werkzeug.routing import BaseConverter

from moca.instagram.sandbox.instagram import SandboxInstagram
from moca.storage.queries.queue import frozen_since
from moca.storage.queries.team.drafts import count_drafts
from moca.web.api.accounts import account_routes
from moca.web.api.bots import bot_routes
from moca.web.api.contacts import contact_routes
from moca.web.api.conversations import conversation_routes
from moca.web.api.events import event_routes
from moca.web.api.keys import key_routes
from moca.web.api.labels import label_routes
from moca.web.api.me import own_routes
from moca.web.api.messages import message_routes
from moca.web.api.notes import note_routes
from moca.web.api.push import with_push
from moca.web.api.queue import queue_routes
from moca.web.api.routes import described
from moca.web.api.saved_replies import saved_reply_routes
from moca.web.api.search import search_routes
from moca.web.api.stats import cluster_routes, stats_routes
from moca.web.api.subscribers import subscriber_routes
from moca.web.api.uploads import upload_routes
from moca.web.api.users import user_api_routes
from moca.web.api.work_lists import with_work_lists
from moca.web.auth.client_address import ClientAddress
from moca.web.auth.current_user import current_scope, current_user
from moca.web.auth.guards import Guards
from moca.web.auth.login import login_routes
from moca.web.auth.my_account import OwnPassword, own_pages
from moca.web.auth.security_events import SecurityEvents
from moca.web.config import WebConfig, WebPorts
from moca.web.errors import Problem, invalid, register_problems
from moca.web.idempotency import Idempotency
from moca.web.layout import register_frame, register_headers
from moca.web.live_pages import LivePages
from moca.web.metrics.probes import probe_routes
from moca.web.metrics.prometheus import Metrics
from moca.web.pages.accounts import account_pages
from moca.web.pages.alerts import OWN_ALERTS, alert_routes, own_alerts
from moca.web.pages.api_reference import api_reference_page
from moca.web.pages.bots.case_routes import case_pages
from moca.web.pages.bots.rehearsal_routes import rehearsal_pages
from moca.web.pages.bots.routes import bot_pages
from moca.web.pages.bots.version_routes import version_pages
from moca.web.pages.bulk_actions import bulk_routes
from moca.web.pages.connect import connect_routes
from moca.web.pages.contact import contact_pages
from moca.web.pages.contact_pane import contact_pane_routes
from moca.web.pages.conversation import conversation_page_routes
from moca.web.pages.conversation_actions import action_routes
from moca.web.pages.health import health_pages
from moca.web.pages.inbox import inbox_routes, own_counts
from moca.web.pages.integrations.api_keys import api_key_pages
from moca.web.pages.integrations.subscribers import subscriber_pages
from moca.web.pages.labels import label_pages
from moca.web.pages.message import page_routes
from moca.web.pages.privacy import privacy_routes
from moca.web.pages.queue import queue_pages
from moca.web.pages.reports import report_pages
from moca.web.pages.review import review_pages
from moca.web.pages.sandbox import sandbox_page, sandbox_routes
from moca.web.pages.saved_replies import saved_reply_pages
from moca.web.pages.settings import settings_pages
from moca.web.pages.setup import setup_pages
from moca.web.pages.users import user_routes
from moca.web.presence import PresenceBoard
from moca.web.request_ids import register_request_ids
from moca.web.schemas.description import completed
from moca.web.schemas.responses import ProblemShape
from moca.web.uploads.attachments import Attachments
from moca.web.uploads.routes import admit_uploads, own_upload_routes, public_upload_routes
from moca.web.webhook import MAX_BODY_BYTES, webhook_routes


def register_common_routes(
    app: Flask,
    ports: WebPorts,
    config: WebConfig,
    *,
    access: Guards,
    live: LivePages,
    metrics: Metrics,
) -> None:
    """Register the pages about Moca itself, and make the queue's freeze known to every page."""
    app.register_blueprint(queue_pages(ports, config, access, live))
    app.register_blueprint(review_pages(ports, config, access, live))
    app.register_blueprint(health_pages(ports, access, live, metrics))
    app.register_blueprint(account_pages(ports, config, access))
    app.register_blueprint(bot_pages(ports, config, access))
    app.register_blueprint(case_pages(ports, config, access))
    app.register_blueprint(version_pages(ports, config, access))
    app.register_blueprint(rehearsal_pages(ports, config, access, live))
    app.register_blueprint(settings_pages(ports, access))
    app.register_blueprint(setup_pages(ports, config, access, app))

    def frozen() -> object:
        """Return since when sending is frozen; None if it is not."""
        if current_user() is None:
            return None
        with ports.database.connection_context():
            return frozen_since()

    def drafts_waiting() -> int:
        """Return how many replies that the current user sees are held."""
        with ports.database.connection_context():
            return count_drafts(current_scope())

    app.jinja_env.globals.update(frozen=frozen, drafts_waiting=drafts_waiting)


class MidConverter(BaseConverter):
    """A message's id in a URL: opaque, it may hold anything, including slashes."""

    regex = ".+?"
    part_isolating = False


def create_app(
    ports: WebPorts,
    config: WebConfig,
    sandbox: SandboxInstagram | None = None,
    metrics: Metrics | None = None,
) -> OpenAPI:
    """Build the web application: the webhook, the REST API, the probes and the pages.

    Without a sandbox there is no sandbox page. Its Graph routes are registered by the caller.
    """
    app = _bare_app(config.version)
    metrics = metrics or Metrics(config.version)
    app.wsgi_app = ClientAddress(app.wsgi_app, config.trusted_proxies)  # type: ignore[method-assign]
    access = Guards(ports, config, SecurityEvents(ports, metrics))
    app.teardown_request(access.disconnect)
    admit_uploads(app, access)
    attachments = Attachments(ports, config)
    app.jinja_env.globals.update(attachments=attachments)
    app.register_blueprint(public_upload_routes(ports))
    app.register_blueprint(own_upload_routes(ports, access))
    app.register_blueprint(webhook_routes(ports, config, metrics))
    app.register_blueprint(probe_routes(ports, config, access, metrics))
    live = LivePages(ports.database, {**own_counts(), OWN_ALERTS: own_alerts})
    app.after_request(live.forget_after_act)
    presence = PresenceBoard(ports.database)
    app.jinja_env.globals["presence_in"] = presence.text_in
    register_frame(app, access)
    app.register_blueprint(inbox_routes(access, live, presence))
    app.register_blueprint(alert_routes(access, live))
    app.register_blueprint(conversation_page_routes(ports, access, live, presence))
    app.register_blueprint(contact_pane_routes(ports, access, live))
    app.register_blueprint(action_routes(ports, config, access, live))
    app.register_blueprint(bulk_routes(ports, config, access, live))
    app.register_blueprint(contact_pages(ports, config, access))
    app.register_blueprint(saved_reply_pages(ports, config, access))
    app.register_blueprint(label_pages(ports, config, access))
    app.register_blueprint(report_pages(ports, config, access))
    app.register_blueprint(page_routes(config, access, live))
    app.register_blueprint(login_routes(ports, config, access))
    app.register_blueprint(user_routes(ports, config, access))
    app.register_blueprint(api_key_pages(ports, config, access))
    app.register_blueprint(subscriber_pages(ports, config, access))
    own = OwnPassword(ports, config, access.sessions)
    app.register_blueprint(own_pages(own, access))
    app.register_blueprint(connect_routes(ports, config, access))
    app.register_blueprint(privacy_routes(ports, config))
    register_common_routes(app, ports, config, access=access, live=live, metrics=metrics)

    def api() -> tuple[APIBlueprint, ...]:
        return (
            message_routes(ports, config, access),
            with_work_lists(conversation_routes(ports, config, access), ports, config),
            note_routes(ports, config, access),
            contact_routes(ports, config, access),
            saved_reply_routes(ports, config, access),
            upload_routes(ports, config, access),
            label_routes(ports, config, access),
            search_routes(ports, access),
            event_routes(ports, access),
            key_routes(ports, config, access),
            user_api_routes(ports, config, access),
            subscriber_routes(ports, config, access),
            queue_routes(ports, config, access),
            account_routes(ports, config, access),
            bot_routes(ports, config, access),
            stats_routes(ports, access),
            cluster_routes(ports, access),
            with_push(own_routes(own, access), ports, config),
        )

    for routes in api():
        app.register_api(routes)
    document = _document(api, config.version)
    app.register_blueprint(_description(document))
    app.register_blueprint(api_reference_page(document, access))
    if sandbox is not None:
        app.register_blueprint(sandbox_page(sandbox, ports, access))
        app.register_blueprint(sandbox_routes(sandbox, ports, config, access))
    Idempotency(ports, config).guard(app)
    app.jinja_env.globals.update(has_sandbox=sandbox is not None, has_push=ports.push is not None)
    return app


def _bare_app(version: str) -> OpenAPI:
    app = OpenAPI(
        __name__,
        info=Info(title="Moca", version=version),
        servers=[Server(url="/", description="This Moca.")],
        doc_ui=False,
        security_schemes={"token": {"type": "http", "scheme": "bearer"}},
        validation_error_model=ProblemShape,
        validation_error_callback=invalid,
    )
    app.url_map.converters["mid"] = MidConverter
    # An id may hold two slashes in a row.
    app.url_map.merge_slashes = False
    # One more than allowed, so that a longer body of undeclared length is noticed.
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES + 1
    app.before_request(_refuse_nul)
    register_problems(app)
    register_request_ids(app)
    register_headers(app)
    return app


def _refuse_nul() -> None:
    # PostgreSQL rejects such text, even in a search.
    if "\x00" in request.path:
        raise Problem(404, "The address must not contain NUL.")
    if b"%00" in request.query_string:
        for name, value in request.args.items(multi=True):
            if "\x00" in value:
                raise Problem(422, f"{name}: must not contain NUL")


def _document(
    api: Callable[[], Iterable[APIBlueprint]], version: str
) -> Callable[[], dict[str, Any]]:
    @cache
    def document() -> dict[str, Any]:
        with described():
            app = _bare_app(version)
            for blueprint in api():
                app.register_api(blueprint)
        return completed(app.api_doc)

    return document


def _description(document: Callable[[], dict[str, Any]]) -> Blueprint:
    routes = Blueprint("description", __name__)

    @routes.get("/openapi.json")
    def description() -> Response:
        return jsonify(document())

    return routes
