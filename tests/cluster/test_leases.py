"""Seats change hands at any moment, by a seed; told by what Instagram saw."""

import random
from collections import Counter
from itertools import pairwise

import freezegun
import pytest

from moca.core.types import ContactKey
from moca.storage.db.tables import Message, QueueItem
from tests.cluster.street import SENDER, Street, webhook
from tests.support.factory import ANNA, NOON

NAMES = ("a", "b", "c")
ACTS = 30
PEOPLE = [ContactKey(ANNA.account_id, f"10{number}") for number in range(5)]


class Mischief:
    """What goes wrong on a street, in the order of a seed."""

    def __init__(self, street, seed):
        self.street = street
        self.draw = random.Random(seed)
        self.acknowledged = {}
        self.count = 0

    def act(self):
        """Let people write, or something go wrong."""
        wrong = (
            *(self.cut, self.stand_still, self.go_on, self.join, self.lose_power, self.leave),
            *(self.lose_database, self.lose_answers, self.find_database),
        )
        self.draw.choice((*[self.write] * 4, *wrong))()
        if self.draw.random() < 0.7:
            self.street.passes(self.draw.choice((0, 0.3, 1, 4, 11)))

    def write(self):
        """Somebody writes; what is not acknowledged comes again to somebody else."""
        contact = self.draw.choice(PEOPLE)
        self.count += 1
        mid = f"m{self.count}"
        body = webhook(mid, text=f"Question {self.count}", contact=contact)
        for node in self.draw.sample(list(self.street.nodes.values()), len(self.street.nodes)):
            if node.takes(body).exception(0) is None:
                self.acknowledged[mid] = contact
                return

    def any(self):
        """Choose a node."""
        return self.draw.choice(list(self.street.nodes.values()))

    def cut(self):
        """The wire to the broker breaks, and both sides know."""
        self.any().place.cut()

    def stand_still(self):
        """A process stands still, and after a while the broker knows."""
        node = self.any()
        if not node.is_standing_still and sum(self.awake()) > 1:
            node.is_standing_still = True
            self.street.passes(self.draw.choice((0, 3, 8)))
            node.place.forsake()

    def awake(self):
        """Tell of each node whether it goes on."""
        return [not node.is_standing_still for node in self.street.nodes.values()]

    def go_on(self):
        """Everybody who stood still goes on, and learns what was missed."""
        for node in self.street.nodes.values():
            if node.is_standing_still:
                node.is_standing_still = False
                node.place.learn()

    def join(self):
        """Whoever lost the broker finds it again."""
        for node in self.street.nodes.values():
            if not node.is_standing_still:
                node.place.join()

    def lose_power(self):
        """A node dies, and another one with its name begins."""
        if len(self.street.nodes) > 1:
            node = self.any()
            node.die()
            self.street.open(node.name)

    def leave(self):
        """A node leaves in order, and another one with its name begins."""
        node = self.any()
        if len(self.street.nodes) > 1 and not node.is_standing_still and node.place.is_open:
            del self.street.nodes[node.name]
            node.system.stop()
            self.street.open(node.name)

    def lose_database(self):
        """The database dies under all of them."""
        self.street.database_is_up = False

    def find_database(self):
        """It is there again."""
        self.street.database_is_up = True

    def lose_answers(self):
        """It dies as it has written, and nobody hears that it has; then it is there again."""
        self.street.answers_to_lose = self.draw.choice((1, 2, 5))

    def calm(self):
        """Let everything come right again, and everybody be answered."""
        self.find_database()
        for _ in range(5):
            self.go_on()
            self.join()
            self.street.passes(30)


def test_nor_where_they_change_as_nobody_has_seen_before(tmp_path):
    seed = random.randrange(1_000_000)
    _live_through(tmp_path, seed)


@pytest.mark.parametrize("seed", range(2))
def test_whatever_changes_hands_everybody_is_answered_once(tmp_path, seed):
    _live_through(tmp_path, seed)


def _live_through(tmp_path, seed):
    with freezegun.freeze_time(NOON) as frozen:
        street = Street(tmp_path, frozen)
        try:
            street.open(*NAMES)
            mischief = Mischief(street, seed)
            for _ in range(ACTS):
                mischief.act()
            mischief.calm()
            _judge(street, mischief)
        finally:
            street.close()


def _judge(street, mischief):
    with street.database.connection_context():
        query = Message.select(Message.mid, Message.outcome).where(Message.role == "user")
        told = dict(query.tuples())
        items = Counter(status for (status,) in QueueItem.select(QueueItem.status).tuples())
        replies = QueueItem.select().where(QueueItem.status == "sent").count()
    assert mischief.acknowledged.keys() <= told.keys()
    assert set(told.values()) <= {"answered"}
    assert set(items) <= {"sent"}
    assert len(street.instagram.reached) == replies
    _keeps_limits(street.instagram.reached)


def _keeps_limits(calls):
    at = sorted(call.at.timestamp() for call in calls)
    for earlier, later in zip(at, at[SENDER.per_second :], strict=False):
        assert later - earlier >= 1
    for contact in PEOPLE:
        own = sorted(call.at.timestamp() for call in calls if call.contact == contact)
        for earlier, later in pairwise(own):
            assert later - earlier >= SENDER.user_cooldown.total_seconds()
