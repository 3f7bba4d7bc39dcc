from dataclasses import dataclass, field

from flask import Flask

from moca.instagram.sandbox.account_problems import AccountProblems
from moca.instagram.sandbox.accounts import SandboxAccounts
from moca.instagram.sandbox.control_routes import control_blueprint
from moca.instagram.sandbox.instagram import SandboxInstagram
from moca.instagram.sandbox.oauth_routes import login_blueprint
from moca.instagram.sandbox.routes import graph_blueprint
from moca.instagram.sandbox.webhooks import WebhookDelivery


@dataclass(frozen=True, slots=True)
class StandaloneOptions:
    """Options of the stand-in when it runs in its own process."""

    webhook: str
    account_id: str
    app_secret: str = field(repr=False)
    access_token: str = field(repr=False)


def build_app(options: StandaloneOptions) -> Flask:
    """Build the stand-in with Graph at the root and `/sandbox/` to control it; start its thread."""
    troubles = AccountProblems()
    delivery = WebhookDelivery(options.webhook, options.app_secret, troubles)
    accounts = SandboxAccounts(options.account_id, options.access_token)
    instagram = SandboxInstagram(accounts, delivery.put, troubles=troubles)
    app = Flask("moca-sandbox")
    app.register_blueprint(login_blueprint(instagram, options.webhook))
    app.register_blueprint(graph_blueprint(instagram))
    app.register_blueprint(control_blueprint(instagram))
    delivery.start()
    return app
