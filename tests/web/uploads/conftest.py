import pytest

from moca.web.app import create_app
from moca.web.config import Health, WebPorts
from tests.web.desk import WebDesk


@pytest.fixture
def desk(database):
    """The real writer, so that what is queued can be fetched."""
    return WebDesk(database)


@pytest.fixture
def ports(database, desk, uploads):
    return WebPorts(database=database, tell=desk.tell, health=Health, uploads=uploads)


@pytest.fixture
def app(ports, config, metrics):
    return create_app(ports, config, None, metrics)
