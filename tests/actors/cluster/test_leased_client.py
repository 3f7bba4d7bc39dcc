import pytest

from actors.cluster.leased_client import LeasedGraphClient
from moca.core.content.content import Content
from moca.core.outbox.delivery import Undelivered
from moca.instagram.graph_access import Access
from tests.support.factory import ANNA

NOBODY = "http://127.0.0.1:9"
TOO_LATE = Undelivered("this node has not shown in time that it is the one that sends")
NOT_REACHED = Undelivered("no connection to Instagram")


class Lease:
    """A lease that may run out while an account's token is looked up."""

    def __init__(self, *, holds, outlasts_a_look):
        self.holds = holds
        self._outlasts_a_look = outlasts_a_look

    def look_up(self, _account_id):
        self.holds = self.holds and self._outlasts_a_look
        return Access(NOBODY, "token")


@pytest.mark.parametrize(
    ("holds", "outlasts_a_look", "end"),
    [(True, True, NOT_REACHED), (False, True, TOO_LATE), (True, False, TOO_LATE)],
)
def test_a_call_begins_only_while_the_lease_holds_whatever_came_before_it(
    holds, outlasts_a_look, end
):
    lease = Lease(holds=holds, outlasts_a_look=outlasts_a_look)
    client = LeasedGraphClient(lease.look_up, 1, lambda: lease.holds)
    assert client.send(ANNA, Content(text="Hello")) == end
    client.close()
