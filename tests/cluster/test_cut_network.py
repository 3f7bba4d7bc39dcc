"""The sending node is cut off from the broker and the database, but not from Instagram."""

import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.cluster.apart import Apart
from tests.cluster.conftest import PER_SECOND, POSTGRESQL, RABBITMQ, SERVER, ClusterNode, Nodes
from tests.cluster.traffic_checks import figures_of, is_idle, rows
from tests.cluster.wire import Wire
from tests.process.kill_traffic import Traffic, webhook_status
from tests.process.service import eventually
from tests.support.stalls import StallWatch

pytestmark = [pytest.mark.cluster, pytest.mark.soak, pytest.mark.timeout(300)]

LONG_ENOUGH = 15.0
"""Seconds for the lease, the heartbeat and every timeout to expire."""
BRIEFLY = 2.0


@pytest.fixture
def apart(stack: ExitStack) -> Apart:
    apart = Apart()
    stack.callback(apart.close)
    return apart


@pytest.fixture
def cluster(apart: Apart, tmp_path: Path, own_name: str, stack: ExitStack) -> Nodes:
    """Three nodes, the first of them in its own network."""

    def settle(nodes: list[ClusterNode]) -> None:
        node = nodes[0]
        node.prefix = apart.prefix
        node.place = apart.to_world.there, node.port
        node.url = f"http://{apart.to_world.there}:{node.port}"
        node.name = node.settings["cluster.node"] = "apart"
        node.settings["server.host"] = "0.0.0.0"
        here = apart.to_servers.here
        to_broker, to_database = Wire(RABBITMQ[1], host=here), Wire(POSTGRESQL[1], host=here)
        stack.callback(to_broker.close)
        stack.callback(to_database.close)
        broker, database = f"{here}:{to_broker.port}", f"{here}:{to_database.port}"
        node.settings["cluster.broker_url"] = f"amqp://guest:guest@{broker}/%2F"
        node.settings["database.url"] = f"postgresql://postgres@{database}/{own_name}"

    cluster = Nodes(tmp_path, own_name, stack, settle=settle)
    to_instagram = Wire(int(cluster.instagram.url.rpartition(":")[2]), host=apart.to_world.here)
    stack.callback(to_instagram.close)
    at = f"http://{apart.to_world.here}:{to_instagram.port}"
    cluster.nodes[0].settings["instagram.graph_url"] = at
    return cluster


def test_a_sender_whose_cable_is_pulled_is_followed_and_comes_back(
    cluster: Nodes,
    apart: Apart,
    own_name: str,
    stalls: StallWatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    url = f"{SERVER}/{own_name}"
    cluster.start()
    cut_off, *_others = cluster.nodes

    def is_sending() -> bool:
        return rows(url, "SELECT node FROM seat WHERE name = 'sender'") == [(cut_off.name,)]

    def holds_seats() -> bool:
        return rows(url, f"SELECT count(*) FROM seat WHERE node = '{cut_off.name}'") != [(0,)]

    eventually(is_sending, seconds=30)
    traffic = Traffic(cluster.url)
    traffic.start()
    eventually(lambda: cluster.instagram.count() > PER_SECOND, seconds=60)
    apart.to_servers.pull()
    began = time.monotonic()
    eventually(lambda: not is_sending(), seconds=30)
    count = cluster.instagram.count()
    eventually(lambda: cluster.instagram.count() > count, seconds=30)
    followed = time.monotonic() - began
    assert webhook_status(cut_off.url) == 503
    time.sleep(max(0.0, LONG_ENOUGH - followed))
    assert not holds_seats()
    apart.to_servers.plug_in()
    eventually(holds_seats, seconds=60)
    apart.to_servers.pull()
    time.sleep(BRIEFLY)
    apart.to_servers.plug_in()
    time.sleep(BRIEFLY)
    traffic.end()
    eventually(lambda: is_idle(url), seconds=120)

    figures = figures_of(traffic, cluster.instagram.sent(), stalls)
    with capsys.disabled():
        sys.stdout.write(f" followed after {followed:.1f} s; {figures.text} ")
    assert (figures.lost, figures.twice) == ([], [])
    assert figures.most <= PER_SECOND
