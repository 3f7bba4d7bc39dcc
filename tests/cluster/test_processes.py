"""Three real nodes, PostgreSQL and RabbitMQ; judged by what Instagram received."""

import os
import random
import signal
import sys
import time

import pytest

from tests.cluster.conftest import PARTITIONS, PER_SECOND, SERVER, ClusterNode, Nodes
from tests.cluster.traffic_checks import figures_of, is_idle, rows
from tests.process.kill_traffic import Traffic
from tests.process.service import eventually, processes_of
from tests.support.stalls import StallWatch

pytestmark = [pytest.mark.cluster, pytest.mark.soak, pytest.mark.timeout(300)]

ROUNDS = int(os.environ.get("MOCA_TEST_ROUNDS", "1"))
"""How often each fault occurs; more rounds by hand."""
LONG_ENOUGH = 9.0
"""Seconds after which the broker and the other nodes consider a silent node dead."""


def seats(name: str) -> dict[str, str | None]:
    return dict(rows(f"{SERVER}/{name}", "SELECT name, node FROM seat"))


def is_spread(name: str, nodes: int) -> bool:
    held = [node for seat, node in seats(name).items() if seat != "sender" and node]
    share = -(-PARTITIONS // nodes)
    owners = set(held)
    most = max((held.count(each) for each in owners), default=0)
    return len(held) == PARTITIONS and len(owners) == nodes and most <= share


def signal_all(node: ClusterNode, signal_number: int) -> None:
    for pid in processes_of(node.process.pid):
        os.kill(pid, signal_number)


def sender_of(cluster: Nodes, name: str) -> ClusterNode:
    sending = seats(name)["sender"]
    return next((node for node in cluster.nodes if node.name == sending), cluster.nodes[0])


def test_partitions_are_shared_handed_on_and_taken_over(
    cluster: Nodes, own_name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster.start()
    eventually(lambda: is_spread(own_name, 3), seconds=60)
    leaving, *others = sorted(cluster.nodes, key=lambda node: node is sender_of(cluster, own_name))
    mid = cluster.instagram.write("hello", "Hello")
    eventually(lambda: others[0].outcome(mid) == "answered", seconds=30)

    assert leaving.stop() == 0
    eventually(lambda: is_spread(own_name, 2), seconds=60)
    killed = sender_of(cluster, own_name)
    [left] = [node for node in others if node is not killed]
    killed.cut_power()
    began = time.monotonic()
    mids = [cluster.instagram.write(f"p{number}", "Hello") for number in range(PARTITIONS * 2)]
    eventually(lambda: cluster.instagram.count() > 1, seconds=30)
    first = time.monotonic() - began
    eventually(lambda: all(left.outcome(mid) == "answered" for mid in mids), seconds=30)
    with capsys.disabled():
        sys.stdout.write(f" first reply {first:.1f} s after kill -9 of the sender ")
    assert {len(texts) for texts in cluster.instagram.sent().values()} == {1}
    assert left.get("/api/cluster")["seats"][0]["node"] == left.name


def test_whatever_goes_wrong_nothing_is_lost_or_sent_twice(
    cluster: Nodes, own_name: str, stalls: StallWatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seed = random.randrange(10_000)
    draw = random.Random(seed)
    cluster.start()
    traffic = Traffic(cluster.url)
    traffic.start()
    for _ in range(ROUNDS):
        time.sleep(draw.uniform(1, 3))
        killed = sender_of(cluster, own_name)
        killed.cut_power()
        time.sleep(draw.uniform(4, 6))
        killed.start()

        still = sender_of(cluster, own_name)
        from_broker, from_database = (node for node in cluster.nodes if node is not still)
        signal_all(still, signal.SIGSTOP)
        time.sleep(LONG_ENOUGH + draw.uniform(0, 2))
        signal_all(still, signal.SIGCONT)
        from_broker.to_broker.cut()
        from_database.to_database.cut()
        time.sleep(LONG_ENOUGH + draw.uniform(0, 2))
        from_broker.to_broker.mend()
        from_database.to_database.mend()
    traffic.end()
    eventually(lambda: is_idle(f"{SERVER}/{own_name}"), seconds=120)

    figures = figures_of(traffic, cluster.instagram.sent(), stalls)
    with capsys.disabled():
        sys.stdout.write(f" seed {seed}: {figures.text} ")
    assert (figures.lost, figures.twice) == ([], [])
    assert figures.most <= PER_SECOND
