"""Several nodes that share a PostgreSQL, a RabbitMQ and an Instagram."""

import os
import signal
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple, Self

import psycopg

from moca.core.partition import SENDER, partition_of, seat_of
from moca.core.types import ContactKey
from moca.settings.sections import SANDBOX_ACCOUNT_ID
from tests.benchmarks.acks import CONNECTIONS
from tests.benchmarks.journeys import UNLIMITED
from tests.benchmarks.support.delaying_proxy import delaying_proxy
from tests.benchmarks.support.load import WEBHOOK, apart, body_of, psid_of, signatures, write_all_to
from tests.benchmarks.support.servers import BenchmarkServer, cpu_seconds_of, moca, post
from tests.benchmarks.support.standin import RecordingGraph
from tests.cluster.own import Daemon, own_postgresql, own_rabbitmq

WARM_UP = 200
PARTITIONS = 32
PATIENCE_SECONDS = 120
_LATER = 10_000
_MOVED = 10**7
"""Numbers of contacts that no burst reaches."""


_NUMBERS = count(1)


class OwnServers(NamedTuple):
    """What the nodes share."""

    postgresql: Daemon
    rabbitmq: Daemon


@contextmanager
def own_servers() -> Iterator[OwnServers]:
    """Run a PostgreSQL and a RabbitMQ for a benchmark alone."""
    with ExitStack() as stack:
        servers = OwnServers(own_postgresql(), own_rabbitmq())
        for server in servers:
            stack.callback(server.close)
            server.start()
        yield servers


@dataclass(frozen=True)
class Burst:
    """What many messages at once took, from the first webhook to the last reply."""

    acks_per_second: float
    journeys_per_second: float
    cpu_ms: Mapping[str, float]
    """The processor time of a journey, by party."""
    others: int
    """How many were not answered with 200."""
    twice: int


class BenchmarkCluster:
    """Nodes that share two servers and one Instagram, with the seats spread among them."""

    def __init__(
        self, servers: OwnServers, nodes: int, round_trip_seconds: float | None = None
    ) -> None:
        self._beside = {"broker": servers.rabbitmq, "database": servers.postgresql}
        self._port = servers.postgresql.port
        self._broker_url = f"amqp://guest:guest@127.0.0.1:{servers.rabbitmq.port}/%2F"
        self._nodes = nodes
        self._round_trip_seconds = round_trip_seconds
        self._name = f"benchmark{next(_NUMBERS)}"
        self._url = self._url_at(self._port)
        self._bursts = 0
        self._stack = ExitStack()
        self._servers: dict[str, BenchmarkServer] = {}

    def __enter__(self) -> Self:
        everywhere = f"postgresql://postgres@127.0.0.1:{self._port}/postgres"
        with psycopg.connect(everywhere, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {self._name}")
        port = self._port
        if self._round_trip_seconds is not None:
            port = self._stack.enter_context(delaying_proxy(port, self._round_trip_seconds))
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
        self._graph = self._stack.enter_context(RecordingGraph())
        settings = {
            "instagram__graph_url": self._graph.url,
            "instagram__token_key": "M" * 43 + "=",
            "server__threads": 64,
            "database__url": self._url_at(port),
            "cluster__broker_url": self._broker_url,
            "cluster__name": self._name,
            "cluster__partitions": PARTITIONS,
            **UNLIMITED,
        }
        for number in range(self._nodes):
            name = f"node{number}"
            node = moca(folder, cluster__node=name, **settings)
            self._servers[name] = self._stack.enter_context(node)
        wait_until(self._is_spread)
        return self

    def __exit__(self, *_error: object) -> None:
        self._stack.close()

    def burst(self, contacts: int) -> Burst:
        """Send the messages of this many new contacts at once, after a few to warm up."""
        first, self._bursts = self._bursts * _LATER, self._bursts + 1
        return burst(list(self._servers.values()), self._graph, self._beside, contacts, first)

    def fail(self, number: signal.Signals, *, is_sender: bool = True) -> float:
        """Send a signal to the node that sends, or to another; time its contacts' next reply.

        Returns:
            Seconds until a contact that the node owned has its next reply.
        """
        sending = self._seats()[SENDER]
        name = next(each for each in self._servers if (each == sending) is is_sender)
        moved = next(each for each in count(_MOVED) if self._seats()[_seat_of(each)] == name)
        began = time.perf_counter()
        failed = self._servers.pop(name).pids()
        self._stack.callback(_send, signal.SIGKILL, failed)
        _send(number, failed)
        [port, *_] = [server.port for server in self._servers.values()]
        body = body_of(moved)
        wait_until(lambda: post(port, WEBHOOK, body, signatures(body)) == HTTPStatus.OK)
        wait_until(lambda: psid_of(moved) in {psid for _, psid in self._graph.arrivals})
        return next(at for at, psid in self._graph.arrivals if psid == psid_of(moved)) - began

    def _url_at(self, port: int) -> str:
        return f"postgresql://postgres@127.0.0.1:{port}/{self._name}"

    def _seats(self) -> dict[str, str]:
        with psycopg.connect(self._url) as connection:
            return dict(connection.execute("SELECT name, node FROM seat").fetchall())

    def _is_spread(self) -> bool:
        seats = self._seats()
        owners = [node for seat, node in seats.items() if seat != SENDER]
        share = -(-PARTITIONS // len(self._servers))
        held = [owners.count(name) for name in self._servers]
        is_whole = sum(held) == PARTITIONS and max(held) <= share
        return is_whole and seats.get(SENDER) in self._servers


def _seat_of(number: int) -> str:
    return seat_of(partition_of(ContactKey(SANDBOX_ACCOUNT_ID, psid_of(number)), PARTITIONS))


def burst(
    servers: list[BenchmarkServer],
    graph: RecordingGraph,
    beside: Mapping[str, Daemon],
    contacts: int,
    first: int = 0,
) -> Burst:
    """Send the messages of this many contacts at once, numbered from the first."""
    ports = [server.port for server in servers]
    parties: dict[str, Any] = {"nodes": servers, **{name: [each] for name, each in beside.items()}}
    known = len(graph.arrivals)
    apart(write_all_to, ports, first, WARM_UP, CONNECTIONS)
    graph.wait_for(known + WARM_UP, PATIENCE_SECONDS)
    for server in servers:
        server.settle()
    before = _cpu_seconds(parties)
    load = apart(write_all_to, ports, first + WARM_UP, contacts, CONNECTIONS)
    acknowledged = contacts - load.others
    graph.wait_for(known + WARM_UP + acknowledged, PATIENCE_SECONDS)
    for server in servers:
        server.settle()
    used = {name: seconds - before[name] for name, seconds in _cpu_seconds(parties).items()}
    reached = [psid for _, psid in graph.arrivals]
    return Burst(
        load.per_second,
        acknowledged / (graph.arrivals[-1][0] - load.began),
        {name: seconds * 1000 / acknowledged for name, seconds in used.items()},
        load.others,
        len(reached) - len(set(reached)),
    )


def _send(number: signal.Signals, pids: list[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def _cpu_seconds(parties: dict[str, list[BenchmarkServer | Daemon]]) -> dict[str, float]:
    return {
        name: sum(cpu_seconds_of(pid) for each in party for pid in each.pids())
        for name, party in parties.items()
    }


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("the cluster does not come to that")
        time.sleep(0.05)
