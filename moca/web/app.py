from flask import Blueprint, Response, jsonify, request
from flask_openapi3.models.info import Info
from flask_openapi3.openapi import OpenAPI
from werkzeug.routing import BaseConverter

from moca.instagram.sandbox.instagram import SandboxInstagram
from moca.web.access import Access
from moca.web.acts import act_routes
from moca.web.api.accounts import account_routes
from moca.web.api.cluster import cluster_routes
from moca.web.api.contacts import contact_routes
from moca.web.api.conversations import conversation_routes
from moca.web.api.messages import message_routes
from moca.web.api.own import own_routes
from moca.web.api.queue import queue_routes
from moca.web.api.stats import stats_routes
from moca.web.auth.client_address import ClientAddress
from moca.web.auth.security_events import SecurityEvents
from moca.web.config import Ports, WebConfig
from moca.web.connect import connect_routes
from moca.web.described import with_idempotency_keys
from moca.web.frame import register_frame
from moca.web.headers import register_headers
from moca.web.housepages import register_house
from moca.web.idempotency import Idempotency
from moca.web.inbox import inbox_routes
from moca.web.live import Live
from moca.web.logins import login_routes
from moca.web.metrics import Metrics
from moca.web.ownpage import own_pages
from moca.web.ownpassword import OwnPassword
from moca.web.pages import page_routes
from moca.web.privacy import privacy_routes
from moca.web.probes import probe_routes
from moca.web.problems import Problem, invalid, register_problems
from moca.web.sandbox import sandbox_page, sandbox_routes
from moca.web.shapes import ProblemShape
from moca.web.talk import talk_routes
from moca.web.users import user_routes
from moca.web.webhook import LARGEST_BODY_BYTES, webhook_routes


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
