from moca.core.messages.housekeeping import IndexWords, WordsIndexed
from tests.storage.desk import Desk
from tests.support.values import only


def index_all(desk: Desk, portion: int = 100) -> int:
    """Index until nothing is left to do; return how many batches that took."""
    for count in range(1, 1000):
        event = only(desk.do(IndexWords(portion)), WordsIndexed)
        if not event.has_more:
            assert event == WordsIndexed(has_more=False, percent=100)
            return count
    raise AssertionError("it never ends")
