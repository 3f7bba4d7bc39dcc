"""A node that stops before it could send is followed as if the sender before it still acted."""

import pytest

from moca.core.partition import SENDER
from tests.cluster.stepped import SteppedCluster


@pytest.fixture
def cluster(stepped: SteppedCluster) -> SteppedCluster:
    return stepped


def test_the_lease_before_is_waited_for_though_a_node_between_left_in_order(
    cluster: SteppedCluster,
) -> None:
    cluster.open("a", "b", "c")
    cluster.advance(20)
    [sending] = cluster.holder(SENDER)
    cluster[sending].is_standing_still = True
    cluster[sending].place.cut()
    cluster.settle()
    [between] = {*cluster.holder(SENDER)} - {sending}
    leaving = cluster.nodes.pop(between)
    leaving.system.stop()
    cluster.settle()

    [last] = cluster.nodes.keys() - {sending}
    assert last in cluster.holder(SENDER)
    cluster.advance(1)
    assert cluster[last].system._singletons is None
    cluster.advance(2)
    assert cluster[last].system._singletons is not None
