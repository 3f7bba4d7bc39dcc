from moca.core.messages.housekeeping import IndexWords, WordsIndexed


def index_all(desk, portion=100):
    """Index until nothing is left to do; return how many batches that took."""
    for count in range(1, 1000):
        (event,) = desk.do(IndexWords(portion))
        if not event.has_more:
            assert event == WordsIndexed(has_more=False, percent=100)
            return count
    raise AssertionError("it never ends")
