from typing import NoReturn

import peewee
import pytest
from flask.testing import FlaskClient

from tests.web.conftest import Backend
from tests.web.rows import a_conversation

BIGGEST = str(2**63 - 1)
JSON = "application/json"


@pytest.mark.parametrize(
    "row_id", ["0", "2", "-1", "1.0", "abc", "٣", BIGGEST, str(2**63), "9" * 400]
)
def test_an_id_that_no_row_has_is_not_found(client: FlaskClient, row_id: str) -> None:
    a_conversation()
    paths = (f"/api/conversations/{row_id}", f"/api/conversations/{row_id}/messages")

    assert [client.get(path).status_code for path in paths] == [404, 404]
    assert client.post(f"/api/queue/{row_id}/cancel").status_code == 404


@pytest.mark.parametrize("path", ["/api/conversations", "/api/contacts", "/api/queue"])
@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"},
        {"limit": "201"},
        {"limit": "-1"},
        {"limit": "1.5"},
        {"limit": "many"},
        {"limit": "9" * 400},
        {"cursor": ""},
        {"cursor": "1"},
        {"cursor": "1-2-3"},
        {"cursor": f"1-{2**63}"},
        {"cursor": "1--2"},
        {"cursor": "\x00"},
        {"cursor": "9" * 400},
        {"colour": "brown"},
    ],
)
def test_odd_lists_are_refused_with_the_fault_named(
    client: FlaskClient, path: str, query: dict[str, str]
) -> None:
    answer = client.get(path, query_string=query)

    error = answer.get_json()["error"]
    assert (answer.status_code, error["code"]) == (422, "invalid")
    assert error["message"].startswith(next(iter(query)))


@pytest.mark.parametrize("path", ["/api/conversations", "/api/contacts", "/api/queue"])
def test_a_cursor_at_the_end_of_all_numbers_lists_what_is_left(
    client: FlaskClient, path: str
) -> None:
    assert client.get(path, query_string={"cursor": f"{BIGGEST}-{BIGGEST}"}).status_code == 200


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/api/conversations", {"status": "asleep"}),
        ("/api/conversations", {"psid": ""}),
        ("/api/conversations", {"psid": "\x00"}),
        ("/api/conversations", {"psid": "7" * 256}),
        ("/api/queue", {"status": "asleep"}),
        ("/api/contacts/700", {"account_id": "\x00"}),
        ("/sandbox/state", {"psid": "7" * 256}),
        ("/sandbox/state", {"mid": "\x00"}),
    ],
)
def test_odd_filters_are_refused(client: FlaskClient, path: str, query: dict[str, str]) -> None:
    assert client.get(path, query_string=query).status_code == 422


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", JSON, 400),
        (b"\xff", JSON, 400),
        (b"[]", JSON, 400),
        (b"null", JSON, 400),
        (b'"{\\"minutes\\": 1}"', JSON, 400),
        (b"[" * 30_000, JSON, 400),
        (b'{"minutes":' + b"9" * 5000 + b"}", JSON, 400),
        (b'{"minutes": 1}', "text/plain", 415),
        (b"minutes=1", "application/x-www-form-urlencoded", 415),
        (b'{"minutes": 0}', JSON, 422),
        (b'{"minutes": 1e300}', JSON, 422),
        (b'{"minutes": NaN}', JSON, 422),
        (b'{"minutes": true}', JSON, 422),
        (b'{"minutes": "5"}', JSON, 422),
        (b'{"minutes": 99999999999999999999}', JSON, 422),
        (b'{"\\ud800": 1}', JSON, 422),
        (b" " * 70_000, JSON, 413),
    ],
)
def test_an_odd_body_is_refused_with_its_fault(
    client: FlaskClient, backend: Backend, body: bytes, kind: str, status: int
) -> None:
    a_conversation()

    answer = client.post("/api/conversations/1/pause", data=body, content_type=kind)

    assert answer.status_code == status
    assert set(answer.get_json()["error"]) == {"code", "message"}
    assert backend.commands == []


def test_what_is_not_there_is_told_in_json(client: FlaskClient) -> None:
    unknown = client.get("/api/nothing")
    method = client.put("/api/queue")

    assert (unknown.status_code, unknown.get_json()["error"]["code"]) == (404, "not_found")
    assert (method.status_code, method.get_json()["error"]["code"]) == (405, "method_not_allowed")
    assert "GET" in method.headers["Allow"]


def test_an_error_of_ours_tells_nothing_of_itself(
    client: FlaskClient, database: peewee.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> NoReturn:
        raise RuntimeError("password 123")

    monkeypatch.setattr(database, "connection_context", broken)

    answer = client.get("/api/queue")

    message = "An unexpected error occurred. See Moca's log for details."
    assert (answer.status_code, answer.get_json()) == (
        500,
        {
            "type": "about:blank",
            "title": "Internal Server Error",
            "status": 500,
            "detail": message,
            "error": {"code": "error", "message": message},
        },
    )


@pytest.mark.parametrize("path", ["/", "/reports", "/reports.csv", "/conversations/1"])
def test_no_argument_of_a_page_may_hold_nul_which_postgresql_rejects(
    browser_session: FlaskClient, path: str
) -> None:
    answer = browser_session.get(path, query_string={"list": "closed", "account": "\x00"})
    assert (answer.status_code, "account: must not contain NUL" in answer.text) == (422, True)
