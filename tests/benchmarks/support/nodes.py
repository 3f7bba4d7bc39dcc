"""Several nodes that share a PostgreSQL, a RabbitMQ and an Instagram."""

import os
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http import HTTPStatus
from itertools import count
from pathlib import Path
from typing import Any, Self

import psycopg

from moca.core.partition import SENDER, partition_of, seat_of
from moca.core.types import ContactKey
from moca.settings.sections import SANDBOX_ACCOUNT_ID
from tests.benchmarks.acks import CONNECTIONS
from tests.benchmarks.journeys import UNLIMITED
from tests.benchmarks.support.figures import Figure
from tests.benchmarks.support.load import WEBHOOK, apart, body_of, psid_of, signatures, write_all_to
from tests.benchmarks.support.servers import BenchmarkServer, cpu_seconds_of, moca, post
from tests.benchmarks.support.standin import RecordingGraph
from tests.cluster.own import Daemon

CONTACTS = 2000
WARM_UP = 200
PARTITIONS = 32
PATIENCE_SECONDS = 120
_LATER = 10_000


class BenchmarkCluster:
    """Nodes that share two servers and one Instagram, with the seats spread among them."""

    def __init__(self, postgresql: Daemon, rabbitmq: Daemon, nodes: int) -> None:
        self._beside = {"broker": rabbitmq, "database": postgresql}
        self._server = f"postgresql://postgres@127.0.0.1:{postgresql.port}"
        self._broker_url = f"amqp://guest:guest@127.0.0.1:{rabbitmq.port}/%2F"
        self._nodes = nodes
        self._url = f"{self._server}/nodes{nodes}"
        self._stack = ExitStack()
        self._servers: dict[str, BenchmarkServer] = {}

    def __enter__(self) -> Self:
        with psycopg.connect(f"{self._server}/postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE nodes{self._nodes}")
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
        self._graph = self._stack.enter_context(RecordingGraph())
        settings = {
            "instagram__graph_url": self._graph.url,
            "instagram__token_key": "M" * 43 + "=",
            "server__threads": 64,
            "database__url": self._url,
            "cluster__broker_url": self._broker_url,
            "cluster__name": f"nodes{self._nodes}",
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

    def journeys(self) -> Iterator[Figure]:
        """Time a burst of messages, and the CPU time of each process."""
        who = f"{self._nodes} node" + "s" * (self._nodes > 1)
        yield from journeys_of(who, list(self._servers.values()), self._graph, self._beside)

    def failovers(self) -> Iterator[Figure]:
        """Kill a node that only owns contacts, then the one that sends; time the next reply."""
        sending = self._seats()[SENDER]
        owner = next(name for name in self._servers if name != sending)
        yield Figure(
            "next reply of a moved contact after kill -9", f"{self._failover(owner):.1f} s"
        )
        wait_until(self._is_spread)
        took = self._failover(self._seats()[SENDER])
        yield Figure("the same after kill -9 of the node that sends", f"{took:.1f} s")

    def _failover(self, name: str) -> float:
        moved = next(each for each in count(_LATER) if self._seats()[_seat_of(each)] == name)
        for pid in (killed := self._servers.pop(name)).pids():
            os.kill(pid, signal.SIGKILL)
        began = time.perf_counter()
        killed.process.wait()
        [port, *_] = [server.port for server in self._servers.values()]
        body = body_of(moved)
        wait_until(lambda: post(port, WEBHOOK, body, signatures(body)) == HTTPStatus.OK)
        wait_until(lambda: psid_of(moved) in {psid for _, psid in self._graph.arrivals})
        return next(at for at, psid in self._graph.arrivals if psid == psid_of(moved)) - began

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


def journeys_of(
    who: str, servers: list[BenchmarkServer], graph: RecordingGraph, beside: dict[str, Daemon]
) -> Iterator[Figure]:
    ports = [server.port for server in servers]
    parties: dict[str, Any] = {"nodes": servers, **{name: [each] for name, each in beside.items()}}
    apart(write_all_to, ports, _LATER * 10, WARM_UP, CONNECTIONS)
    graph.wait_for(WARM_UP, PATIENCE_SECONDS)
    for server in servers:
        server.settle()
    before = _cpu_seconds(parties)
    load = apart(write_all_to, ports, 0, CONTACTS, CONNECTIONS)
    graph.wait_for(WARM_UP + CONTACTS, PATIENCE_SECONDS)
    for server in servers:
        server.settle()
    used = {name: seconds - before[name] for name, seconds in _cpu_seconds(parties).items()}
    seconds = graph.arrivals[-1][0] - load.began
    reached = [psid for _, psid in graph.arrivals]
    yield Figure(
        f"{who}: acks/s; whole journeys/s", f"{load.per_second:,.0f}/s; {CONTACTS / seconds:,.0f}/s"
    )
    shares = "; ".join(f"{name} {each * 1000 / CONTACTS:.1f}" for name, each in used.items())
    yield Figure("CPU of each message, ms", shares)
    yield Figure(
        "answered otherwise; sent twice", f"{load.others}; {len(reached) - len(set(reached))}"
    )


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
