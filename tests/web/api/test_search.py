import peewee
import pytest
from flask.testing import FlaskClient

from tests.storage.desk import Desk
from tests.storage.search.words import index_all
from tests.web.rows import a_contact, a_conversation, a_question


@pytest.fixture
def ids(database: peewee.Database) -> list[int]:
    """Return the ids of Ada's three messages."""
    ada = a_conversation(a_contact(psid="700", name="Ada"))
    ids = [a_question(ada, f"m{number}", text=f"order {number}").id for number in range(3)]
    index_all(Desk(database))
    return ids


def test_messages_and_contacts_are_searched(client: FlaskClient, ids: list[int]) -> None:
    first = client.get("/api/search?q=order&limit=2").get_json()
    assert [each["mid"] for each in first["messages"]] == ["m2", "m1"]
    assert (first["conversations"], first["indexed_percent"]) == ([], 100)

    second = client.get(f"/api/search?q=order&limit=2&cursor={first['next_cursor']}").get_json()
    assert [each["mid"] for each in second["messages"]] == ["m0"]
    assert second["next_cursor"] is None
    (ada,) = client.get("/api/search?q=ad").get_json()["conversations"]
    assert ada["contact"]["psid"] == "700"


def test_a_search_of_conversations_has_their_cursor(client: FlaskClient, ids: list[int]) -> None:
    a_conversation(a_contact(psid="701", name="Ben"))
    first = client.get("/api/search?q=is:open&limit=1").get_json()
    second = client.get(f"/api/search?q=is:open&limit=1&cursor={first['next_cursor']}").get_json()

    found = [each["conversations"][0]["contact"]["psid"] for each in (first, second)]
    assert (sorted(found), second["next_cursor"]) == (["700", "701"], None)


@pytest.mark.parametrize(
    ("parameters", "error"),
    [
        ("q=is:lost", "q: is:lost is not known."),
        ("q=before:soon", "q: “soon” is not a date."),
        ("q=label:none", "q: No label is named “none”."),
        ("q=x&zone=Nowhere", "zone: must be a time zone"),
        ("q=x&cursor=1-2", "cursor: is not a cursor of this list"),
        ("q=", "q: "),
        ("", "q: "),
        (f"q={'x' * 201}", "q: "),
        ("q=x&other=1", "other: "),
    ],
)
def test_what_cannot_be_searched_is_refused_with_a_reason(
    client: FlaskClient, parameters: str, error: str
) -> None:
    refused = client.get(f"/api/search?{parameters}")
    assert refused.status_code == 422
    assert refused.get_json()["error"]["message"].startswith(error)
