from flask import Flask

from moca.storage.reads.freezing import frozen_since
from moca.web.access import Access
from moca.web.accountpages import account_pages
from moca.web.config import Ports, WebConfig
from moca.web.healthpage import health_pages
from moca.web.live import Live
from moca.web.metrics import Metrics
from moca.web.queue import queue_pages
from moca.web.settingspage import settings_pages
from moca.web.visitor import visitor
from moca.web.wayin import way_in


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
