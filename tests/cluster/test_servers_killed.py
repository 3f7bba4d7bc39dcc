"""The broker and the database are killed under traffic, and come back."""

import os
import sys
import time
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from tests.cluster.conftest import OURS, PER_SECOND, Nodes
from tests.cluster.own import Daemon, own_postgresql, own_rabbitmq
from tests.cluster.traffic_checks import figures_of, is_idle
from tests.process.instagram import InstagramProcess
from tests.process.kill_traffic import Traffic, webhook_status
from tests.process.service import BRISK, Service, eventually
from tests.support.stalls import StallWatch

pytestmark = pytest.mark.cluster

ROUNDS = int(os.environ.get("MOCA_TEST_ROUNDS", "1"))
OUTAGE_SECONDS = 10.0
SHORT_OUTAGE_SECONDS = 2.0
BETWEEN_SECONDS = 5.0
JITTER = timedelta(milliseconds=300)
"""Between the start of a call and its arrival, while a broker starts on the same two cores."""
NAME = "moca"


def url_of(postgresql: Daemon) -> str:
    """Create a database in the test's own server; return its URL."""
    server = f"postgresql://postgres@127.0.0.1:{postgresql.port}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {NAME}")
    return f"{server}/{NAME}"


def started(server: Daemon, stack: ExitStack) -> Daemon:
    stack.callback(server.close)
    server.start()
    return server


@pytest.fixture
def postgresql(stack: ExitStack) -> Daemon:
    return started(own_postgresql(), stack)


@pytest.fixture
def rabbitmq(stack: ExitStack) -> Daemon:
    return started(own_rabbitmq(), stack)


def test_a_database_that_is_killed_under_one_node_costs_nothing(
    postgresql: Daemon, stack: ExitStack, stalls: StallWatch, tmp_path: Path
) -> None:
    url = url_of(postgresql)
    node = Service(tmp_path, {**BRISK, **OURS, "database.url": url})
    stack.callback(node.close)
    instagram = InstagramProcess(tmp_path, f"{node.url}/api/instagram/webhook")
    stack.callback(instagram.close)
    node.settings["instagram.graph_url"] = instagram.ready().url
    node.start()
    traffic = Traffic(node.url)
    traffic.start()
    eventually(lambda: instagram.count() > 5)
    postgresql.kill()
    assert webhook_status(node.url) == 503
    time.sleep(SHORT_OUTAGE_SECONDS)
    postgresql.start()
    before = len(traffic.acknowledged)
    eventually(lambda: len(traffic.acknowledged) > before + 20)
    traffic.end()
    eventually(lambda: is_idle(url), seconds=30)

    figures = figures_of(traffic, instagram.sent(), stalls, JITTER)
    assert (figures.lost, figures.twice) == ([], [])
    assert figures.most <= PER_SECOND


@pytest.mark.soak
@pytest.mark.timeout(400 * ROUNDS)
def test_a_killed_broker_and_a_killed_database_cost_nothing_and_heal_by_themselves(
    postgresql: Daemon,
    rabbitmq: Daemon,
    stack: ExitStack,
    stalls: StallWatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    url = url_of(postgresql)
    cluster = Nodes(tmp_path, NAME, stack, postgresql=postgresql.port, rabbitmq=rabbitmq.port)
    cluster.start()
    traffic = Traffic(cluster.url)
    traffic.start()
    told = []
    for server in (rabbitmq, postgresql) * ROUNDS:
        time.sleep(BETWEEN_SECONDS)
        server.kill()
        time.sleep(OUTAGE_SECONDS / 2)
        if server is rabbitmq:
            assert {webhook_status(node.url) for node in cluster.nodes} == {503}
        time.sleep(OUTAGE_SECONDS / 2)
        server.start()
        count, began = cluster.instagram.count(), time.monotonic()
        eventually(lambda count=count: cluster.instagram.count() > count, seconds=60)
        told.append(f"{time.monotonic() - began:.1f} s")
    time.sleep(BETWEEN_SECONDS)
    traffic.end()
    eventually(lambda: is_idle(url), seconds=120)

    figures = figures_of(traffic, cluster.instagram.sent(), stalls, JITTER)
    with capsys.disabled():
        sys.stdout.write(f" {figures.text}; next reply after each return: {', '.join(told)} ")
    assert (figures.lost, figures.twice) == ([], [])
    assert figures.most <= PER_SECOND
    assert all(node.process.poll() is None for node in cluster.nodes)
