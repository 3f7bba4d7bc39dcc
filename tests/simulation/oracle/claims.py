from tests.simulation.oracle.ledger import Ledger, Row


class Claims:
    """Remembers what stood on disk of an item when it was claimed: by that it was judged.

    What silences the bot takes the mark off last words, also off what was rightly claimed before;
    and an opt-out that came before a claim may have been written after it.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._claimed: dict[tuple[int, int], Row] = {}
        """By item and the instant of its claim."""

    def note(self, item_id: int) -> None:
        """Take note of an item; a claim that is told again is no other claim."""
        for item in self._ledger.items("q.id = ?", item_id):
            self._claimed.setdefault((item_id, item["sending_at"]), item)

    def of(self, item: Row) -> Row:
        """Return an item as it was when claimed, or as it is now if the claim was not reported."""
        return self._claimed.get((item["id"], item["sending_at"]), item)
