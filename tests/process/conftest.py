from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from moca.instagram.sandbox.routes import graph_blueprint
from tests.instagram.conftest import served
from tests.process.instagram import HeldInstagram, InstagramProcess
from tests.process.service import ACCESS_TOKEN, ACCOUNT, APP_SECRET, BRISK, Service

OURS: dict[str, object] = {
    "instagram.app_secret": APP_SECRET,
    "instagram.access_token": ACCESS_TOKEN,
    "instagram.account_id": ACCOUNT,
}


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[[dict[str, Any]], Service]]:
    """Creates services with the given settings, not yet started; stops them at the end."""
    with ExitStack() as stack:

        def made(settings: dict[str, Any]) -> Service:
            service = Service(tmp_path, settings)
            stack.callback(service.close)
            return service

        yield made


@pytest.fixture
def moca(make: Callable[[dict[str, Any]], Service]) -> Service:
    """A service with minimal delays and the built-in sandbox."""
    service = make(BRISK | OURS)
    service.start()
    return service


@pytest.fixture(scope="session")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The same for all tests that leave it as it is, since a start takes seconds."""
    service = Service(tmp_path_factory.mktemp("standing"), BRISK | OURS)
    service.start()
    yield service
    assert service.stop() == 0
    service.close()


@pytest.fixture
def beside(make: Callable[[dict[str, Any]], Service]) -> Service:
    """A service, not yet started, whose Instagram is another process."""
    return make(BRISK | OURS)


@pytest.fixture
def stand_in(tmp_path: Path, beside: Service) -> Iterator[InstagramProcess]:
    """The sandbox in a process of its own."""
    stand_in = InstagramProcess(tmp_path, f"{beside.url}/api/instagram/webhook")
    beside.settings["instagram.graph_url"] = stand_in.url
    yield stand_in.ready()
    stand_in.close()


@pytest.fixture
def held(beside: Service) -> Iterator[HeldInstagram]:
    """An Instagram in the test's own process that can hold a call."""
    held = HeldInstagram(f"{beside.url}/api/instagram/webhook")
    app = Flask("held-instagram")
    app.register_blueprint(graph_blueprint(held.sandbox))
    with served(app) as url:
        beside.settings["instagram.graph_url"] = url
        held.delivery.start()
        yield held
        held.release()
        held.delivery.stop()
