"""Seats change holders at random moments, by a seed; judged by what Instagram received."""

import random
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from moca.core.types import ContactKey
from moca.storage.db.rows import read_rows
from moca.storage.db.tables import Message, QueueItem
from tests.cluster.stepped import SENDER, SteppedCluster, SteppedNode, webhook
from tests.support.factory import ANNA, NOON
from tests.support.frozen_time import frozen_at
from tests.support.system import InstagramCall

NAMES = ("a", "b", "c")
ACTS = 30
PEOPLE = [ContactKey(ANNA.account_id, f"10{number}") for number in range(5)]


class Mischief:
    """Random faults, in the order of a seed."""

    def __init__(self, cluster: SteppedCluster, seed: int) -> None:
        self.cluster = cluster
        self.draw = random.Random(seed)
        self.acknowledged: dict[str, ContactKey] = {}
        self.count = 0

    def act(self) -> None:
        """Send messages, or cause a fault."""
        wrong = (
            *(self.cut, self.stand_still, self.go_on, self.join, self.lose_power, self.leave),
            *(self.lose_database, self.lose_answers, self.find_database),
        )
        self.draw.choice((*[self.write] * 4, *wrong))()
        if self.draw.random() < 0.7:
            self.cluster.advance(self.draw.choice((0, 0.3, 1, 4, 11)))

    def write(self) -> None:
        """Send a message; without an acknowledgement, repeat it at another node."""
        contact = self.draw.choice(PEOPLE)
        self.count += 1
        mid = f"m{self.count}"
        body = webhook(mid, text=f"Question {self.count}", contact=contact)
        for node in self.draw.sample(list(self.cluster.nodes.values()), len(self.cluster.nodes)):
            if node.takes(body).exception(0) is None:
                self.acknowledged[mid] = contact
                return

    def any(self) -> SteppedNode:
        """Choose a node."""
        found: SteppedNode = self.draw.choice(list(self.cluster.nodes.values()))
        return found

    def cut(self) -> None:
        """The connection to the broker breaks, and both sides notice."""
        self.any().place.cut()

    def stand_still(self) -> None:
        """A process is suspended, and the broker notices after a while."""
        node = self.any()
        if not node.is_standing_still and sum(self.awake()) > 1:
            node.is_standing_still = True
            self.cluster.advance(self.draw.choice((0, 3, 8)))
            node.place.forsake()

    def awake(self) -> list[bool]:
        """Return for each node whether it is running."""
        return [not node.is_standing_still for node in self.cluster.nodes.values()]

    def go_on(self) -> None:
        """Every suspended node continues, and learns what it missed."""
        for node in self.cluster.nodes.values():
            if node.is_standing_still:
                node.is_standing_still = False
                node.place.learn()

    def join(self) -> None:
        """Nodes that lost the broker reconnect."""
        for node in self.cluster.nodes.values():
            if not node.is_standing_still:
                node.place.join()

    def lose_power(self) -> None:
        """A node dies, and another one with its name starts."""
        if len(self.cluster.nodes) > 1:
            node = self.any()
            node.die()
            self.cluster.open(node.name)

    def leave(self) -> None:
        """A node stops in order, and another one with its name starts."""
        node = self.any()
        if len(self.cluster.nodes) > 1 and not node.is_standing_still and node.place.is_open:
            del self.cluster.nodes[node.name]
            node.system.stop()
            self.cluster.open(node.name)

    def lose_database(self) -> None:
        """The database fails for all nodes."""
        self.cluster.database_is_up = False

    def find_database(self) -> None:
        """The database is back."""
        self.cluster.database_is_up = True

    def lose_answers(self) -> None:
        """It fails right after a commit, whose answer is lost; then it is back."""
        self.cluster.answers_to_lose = self.draw.choice((1, 2, 5))

    def calm(self) -> None:
        """Repair everything, and wait until every contact has a reply."""
        self.find_database()
        for _ in range(5):
            self.go_on()
            self.join()
            self.cluster.advance(30)


def test_nor_where_they_change_as_nobody_has_seen_before(tmp_path: Path) -> None:
    seed = random.randrange(1_000_000)
    _live_through(tmp_path, seed)


@pytest.mark.parametrize("seed", range(2))
def test_whatever_changes_hands_everybody_is_answered_once(tmp_path: Path, seed: int) -> None:
    _live_through(tmp_path, seed)


def _live_through(tmp_path: Path, seed: int) -> None:
    with frozen_at(NOON) as frozen:
        cluster = SteppedCluster(tmp_path, frozen)
        try:
            cluster.open(*NAMES)
            mischief = Mischief(cluster, seed)
            for _ in range(ACTS):
                mischief.act()
            mischief.calm()
            _judge(cluster, mischief)
        finally:
            cluster.close()


def _judge(cluster: SteppedCluster, mischief: Mischief) -> None:
    with cluster.database.connection_context():
        query = Message.select(Message.mid, Message.outcome).where(Message.role == "user")
        told = dict(read_rows(query))
        items = Counter(status for (status,) in read_rows(QueueItem.select(QueueItem.status)))
        replies = QueueItem.select().where(QueueItem.status == "sent").count()
    assert mischief.acknowledged.keys() <= told.keys()
    assert set(told.values()) <= {"answered"}
    assert set(items) <= {"sent"}
    assert len(cluster.instagram.reached) == replies
    _keeps_limits(cluster.instagram.reached)


def _keeps_limits(calls: list[InstagramCall]) -> None:
    at = sorted(call.at.timestamp() for call in calls)
    for earlier, later in zip(at, at[SENDER.per_second :], strict=False):
        assert later - earlier >= 1
    for contact in PEOPLE:
        own = sorted(call.at.timestamp() for call in calls if call.contact == contact)
        for earlier, later in pairwise(own):
            assert later - earlier >= SENDER.user_cooldown.total_seconds()
