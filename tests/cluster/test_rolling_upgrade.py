"""Nodes are upgraded one after another under traffic, from an earlier commit of this repository."""

import sys
import time
from pathlib import Path

import pytest

from tests.cluster.conftest import SERVER, Nodes
from tests.cluster.traffic_checks import figures_of, is_idle
from tests.process.kill_traffic import Traffic
from tests.process.service import eventually
from tests.support.earlier_version import BEFORE, unpack_version
from tests.support.stalls import StallWatch

pytestmark = [pytest.mark.cluster, pytest.mark.soak, pytest.mark.timeout(600)]

PER_SECOND = 60
BETWEEN_SECONDS = 4.0


@pytest.fixture
def program_before(tmp_path: Path) -> Path:
    """The command line of the version before."""
    return unpack_version(BEFORE, tmp_path / "before")


def test_nodes_are_upgraded_one_by_one_under_traffic(
    cluster: Nodes,
    own_name: str,
    program_before: Path,
    stalls: StallWatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    programs = [node.program for node in cluster.nodes]
    for node in cluster.nodes:
        node.settings["sender.per_second"] = PER_SECOND
        node.program = (sys.executable, program_before)
    cluster.start()
    traffic = Traffic(cluster.url)
    traffic.start()
    for node, program in zip(cluster.nodes, programs, strict=True):
        time.sleep(BETWEEN_SECONDS)
        node.stop()
        node.program = program
        node.start()
    time.sleep(BETWEEN_SECONDS)
    traffic.end()
    eventually(lambda: is_idle(f"{SERVER}/{own_name}"), seconds=240)

    figures = figures_of(traffic, cluster.instagram.sent(), stalls)
    with capsys.disabled():
        sys.stdout.write(f" from {BEFORE}: {figures.text} ")
    assert (figures.lost, figures.twice) == ([], [])
    assert figures.most <= PER_SECOND
    assert [node.stop() for node in cluster.nodes] == [0, 0, 0]
