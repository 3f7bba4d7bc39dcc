"""Whatever happens in between, a search finds what the texts say, and nothing else."""

import random
from random import Random

import peewee
import pytest

from moca.core.content.search_words import matches_all, search_terms
from moca.core.messages.housekeeping import ApplyRetention, IndexWords
from moca.core.messages.operator_actions import EraseContact
from moca.core.types import ContactKey
from moca.storage.db.rows import read_rows
from moca.storage.db.tables import Contact, Message
from moca.storage.search import lookup
from moca.storage.search.lookup import ids_with
from tests.storage.desk import Desk
from tests.storage.privacy.test_privacy import keep
from tests.storage.search.words import index_all
from tests.support.databases import run_sql
from tests.support.factory import ANNA, NOON, at

WORDS = ("apple", "apples", "bread", "café", "CAFE", "東京都", "4711")
ASKED = ("apple.", "appl", "bread", "cafe", "東京", "47", "apples bread", "b", "none")
CONTACTS = tuple(ContactKey(ANNA.account_id, f"70{number}") for number in range(4))


def happens(desk: Desk, chance: Random, number: int) -> None:
    """Change the texts, the names or the index, at random."""
    text = " ".join(chance.choices(WORDS, k=chance.randint(0, 3)))
    match chance.choice("wwwwwwteniiiir"):
        case "w":
            desk.receive(f"m{number}", text, number, chance.choice(CONTACTS))
        case "t":
            query = Message.select(Message.id).order_by(Message.id)
            ids = [row_id for (row_id,) in read_rows(query)]
            some = chance.sample(ids, len(ids) // 4)
            Message.update(text=text).where(Message.id << some).execute()
        case "n":
            Contact.update(name=text).where(Contact.psid == chance.choice(CONTACTS).psid).execute()
        case "e":
            desk.do(EraseContact(chance.choice(CONTACTS), NOON))
        case "i":
            desk.do(*[IndexWords(chance.choice((1, 2, 50)))] * chance.randint(1, 3))
        case "r":
            desk.do(ApplyRetention(at(number), None, 500))


def in_texts(
    table: type[Contact] | type[Message], *columns: peewee.TextField
) -> dict[str, list[int]]:
    """Return which rows each search has to find, by reading all texts."""
    rows = list(read_rows(table.select(table.id, *columns).order_by(table.id.desc())))
    texts = [(row_id, " ".join(filter(None, texts))) for row_id, *texts in rows]
    return {
        asked: [row_id for row_id, text in texts if matches_all(text, search_terms(asked))]
        for asked in ASKED
    }


@pytest.mark.parametrize("seed", range(12))
def test_the_index_agrees_with_the_texts(
    desk: Desk, database: peewee.Database, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chance = random.Random(seed)
    monkeypatch.setattr(lookup, "_RECENT_IDS", chance.choice((1, 5, 20_000)))
    for number in range(60):
        happens(desk, chance, number)
    keep(desk)
    index_all(desk, 3)

    found = {each: ids_with("message", search_terms(each), limit=99) for each in ASKED}
    named = {each: ids_with("contact", search_terms(each), limit=99) for each in ASKED}
    assert found == in_texts(Message, Message.text)
    assert named == in_texts(Contact, Contact.name, Contact.username)
    if isinstance(database, peewee.SqliteDatabase):
        for name in ("message_words", "contact_words"):
            run_sql(database, f"INSERT INTO {name} ({name}) VALUES ('integrity-check')")
