import os
import socket
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pika
import psycopg
import pytest

from tests.cluster.stepped import SteppedCluster
from tests.cluster.wire import Wire
from tests.process.instagram import InstagramProcess
from tests.process.service import ACCESS_TOKEN, ACCOUNT, APP_SECRET, BRISK, Service, eventually
from tests.support.factory import NOON
from tests.support.frozen_time import frozen_at
from tests.support.stalls import StallWatch

POSTGRESQL = "127.0.0.1", 5432
RABBITMQ = "127.0.0.1", 5672
SERVER = "postgresql://postgres@127.0.0.1:5432"
BROKER = "amqp://guest:guest@127.0.0.1:5672/%2F"
PARTITIONS = 8
PER_SECOND = 20

OURS: dict[str, object] = {
    "instagram.app_secret": APP_SECRET,
    "instagram.access_token": ACCESS_TOKEN,
    "instagram.account_id": ACCOUNT,
    "sender.per_second": PER_SECOND,
    "cluster.partitions": PARTITIONS,
    "server.threads": 16,
}


@pytest.fixture
def servers() -> None:
    """Skip, or fail in CI, if PostgreSQL or RabbitMQ does not answer."""
    for name, address in {"PostgreSQL": POSTGRESQL, "RabbitMQ": RABBITMQ}.items():
        try:
            socket.create_connection(address, timeout=2).close()
        except OSError:
            reason = f"{name} does not answer at {address[0]}:{address[1]}"
            pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)


@pytest.fixture
def own_name(servers: None) -> Iterator[str]:
    """A unique name for this test's database, exchange and queues."""
    name = f"moca_test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(f"{SERVER}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield name
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    with pika.BlockingConnection(pika.URLParameters(BROKER)) as broker:
        channel = broker.channel()
        for seat in (*(f"p{number}" for number in range(PARTITIONS)), "sender"):
            channel.queue_delete(f"{name}.{seat}")
        channel.exchange_delete(name)


class ClusterNode(Service):
    """A node that reaches the broker and the database over proxies of its own."""

    def __init__(self, home: Path, cluster: str, to_broker: Wire, to_database: Wire) -> None:
        super().__init__(home, {**BRISK, **OURS, "cluster.name": cluster})
        self.to_broker, self.to_database = to_broker, to_database
        self.settings["cluster.broker_url"] = f"amqp://guest:guest@127.0.0.1:{to_broker.port}/%2F"
        self.settings["database.url"] = (
            f"postgresql://postgres@127.0.0.1:{to_database.port}/{cluster}"
        )
        self.name = f"127.0.0.1:{self.port}"
        self.place = "127.0.0.1", self.port


def _as_they_are(_nodes: list[ClusterNode]) -> None:
    pass


class Nodes:
    """Three nodes, not yet started, behind one proxy, and the Instagram that all of them call.

    `settle` may move the nodes to other addresses first.
    """

    def __init__(
        self,
        path: Path,
        name: str,
        stack: ExitStack,
        *,
        postgresql: int = POSTGRESQL[1],
        rabbitmq: int = RABBITMQ[1],
        settle: Callable[[list[ClusterNode]], None] = _as_they_are,
    ) -> None:
        self.nodes: list[ClusterNode] = []
        stack.callback(self._close)
        for number in range(3):
            home = path / f"node{number}"
            home.mkdir()
            to_broker, to_database = Wire(rabbitmq), Wire(postgresql)
            stack.callback(to_broker.close)
            stack.callback(to_database.close)
            node = ClusterNode(home, name, to_broker, to_database)
            stack.callback(node.close)
            self.nodes.append(node)
        settle(self.nodes)
        door = Wire(*(node.place for node in self.nodes))
        stack.callback(door.close)
        self.url = f"http://127.0.0.1:{door.port}"
        self.instagram = InstagramProcess(path, f"{self.url}/api/instagram/webhook")
        self.instagram.ready()
        for node in self.nodes:
            node.settings.setdefault("instagram.graph_url", self.instagram.url)

    def _close(self) -> None:
        self.instagram.close()

    def start(self) -> None:
        """Start all of them, the first a little earlier: it creates the tables."""
        self.nodes[0].start()
        for node in self.nodes[1:]:
            node.begin()
        for node in self.nodes[1:]:
            eventually(node.answers, seconds=30)


@pytest.fixture
def stepped(tmp_path: Path) -> Iterator[SteppedCluster]:
    """A cluster on frozen time and a stand-in broker, with no node yet."""
    with frozen_at(NOON) as frozen:
        cluster = SteppedCluster(tmp_path, frozen)
        yield cluster
        cluster.close()


@pytest.fixture
def stalls() -> Iterator[StallWatch]:
    """How late this machine wakes a thread, over the whole test."""
    with StallWatch().running() as stalls:
        yield stalls


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """Closes what is pushed on it, the last first."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def cluster(tmp_path: Path, own_name: str, stack: ExitStack) -> Nodes:
    """Three nodes, not yet started."""
    return Nodes(tmp_path, own_name, stack)
