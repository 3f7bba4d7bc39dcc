from collections import defaultdict

from moca.core.content.search_words import search_words
from tests.simulation.oracle.invariants import Invariant
from tests.simulation.oracle.ledger import Ledger
from tests.simulation.oracle.oracle import Oracle


def judge_search(oracle: Oracle, ledger: Ledger) -> None:
    """Judge that each message is found by each of its words, once, and nothing else is."""
    places: dict[str, list[int]] = defaultdict(list)
    for row in ledger.messages():
        for word in search_words(row["text"]):
            places[word].append(row["id"])
    for word in sorted({*places, *ledger.searchable_words()}):
        found = ledger.found_by(word)
        if found != places[word]:
            told = f"{word!r} finds {found}, and stands in {places[word]}"
            oracle.is_broken(Invariant.SEARCHABLE, told)
