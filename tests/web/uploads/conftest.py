import peewee
import pytest
from flask import Flask

from moca.uploads.folder import UploadFolder
from moca.web.app import create_app
from moca.web.config import Health, WebConfig, WebPorts
from moca.web.metrics.prometheus import Metrics
from tests.web.desk import WebDesk


@pytest.fixture
def desk(database: peewee.Database) -> WebDesk:
    """The real writer, so that what is queued can be fetched."""
    return WebDesk(database)


@pytest.fixture
def ports(database: peewee.Database, desk: WebDesk, uploads: UploadFolder) -> WebPorts:
    return WebPorts(database=database, tell=desk.tell, health=Health, uploads=uploads)


@pytest.fixture
def app(ports: WebPorts, config: WebConfig, metrics: Metrics) -> Flask:
    return create_app(ports, config, None, metrics)
