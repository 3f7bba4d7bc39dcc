"""A right-to-left name or text does not affect the text around it."""

import peewee
import pytest
from flask.testing import FlaskClient

from moca.storage.db.tables import Contact, Conversation, Message
from tests.storage.desk import Desk
from tests.storage.search.words import index_all
from tests.web.rows import a_conversation, a_question, a_reply

NAME, TEXT = "\u202eadA", "\u202eolleh"


@pytest.fixture
def conversation(database: peewee.Database) -> Conversation:
    conversation = a_conversation()
    Contact.update(name=NAME).execute()
    a_question(conversation, text=TEXT)
    a_reply(conversation, text=TEXT, mid="r1")
    assert Message.select().count() == 2
    index_all(Desk(database))
    return conversation


@pytest.mark.parametrize("path", ["/", "/conversations/1", "/messages/m1", "/?q=olleh"])
def test_names_and_texts_stand_apart_from_what_is_around_them(
    client: FlaskClient, conversation: Conversation, path: str
) -> None:
    page = client.get(path).text
    for told in (NAME, TEXT):
        for before in page.split(told)[:-1]:
            opened = before[before.rindex("<") :]
            is_apart = opened.startswith("<bdi>") or 'dir="auto"' in opened
            is_attribute = ">" not in opened
            assert is_apart or is_attribute or opened.startswith("<title>"), opened
    assert f"<bdi>{NAME}</bdi>" in page
