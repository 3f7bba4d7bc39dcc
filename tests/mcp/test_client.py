"""The client of the API: errors that can be read, and requests that are carried out once."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask, Response, jsonify, request
from flask.typing import ResponseReturnValue

from moca.mcp.client import ApiClient, ApiError
from moca.web.errors import problem
from tests.instagram.conftest import served
from tests.instagram.test_deadline import DRIPPING, answering


class ScriptedApi:
    """Answers as scripted and records what it was asked."""

    def __init__(self) -> None:
        self.answers: list[Callable[[], ResponseReturnValue]] = []
        self.asked: list[tuple[str, str, Any]] = []
        self.client: Any = None
        self.app = Flask("api")
        self.app.add_url_rule("/api/<path:path>", view_func=self._answer, methods=["GET", "POST"])

    def _answer(self, path: str) -> ResponseReturnValue:
        key: Any = request.headers.get("Idempotency-Key")
        self.asked.append((request.headers["Authorization"], request.full_path, key))
        return self.answers.pop(0)() if self.answers else jsonify(ok=True)


@pytest.fixture
def api() -> Iterator[ScriptedApi]:
    api = ScriptedApi()
    with served(api.app) as url:
        api.client = ApiClient(f"{url}/", "moca_key")
        yield api


def test_a_request_carries_the_key_and_what_is_known_of_its_query(api: ScriptedApi) -> None:
    assert api.client.get("messages", "m/1?x", q="a b", cursor=None) == {"ok": True}
    assert api.asked == [("Bearer moca_key", "/api/messages/m/1?x?q=a+b", None)]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (
            lambda: problem(401, "Send a token."),
            "Moca does not accept this API key: it is wrong, expired or revoked.",
        ),
        (lambda: problem(403, "It needs the scope reply."), "It needs the scope reply."),
        (
            lambda: problem(503, "Not stored.", retry_after_seconds=5),
            "Not stored. Try again in 5 seconds.",
        ),
        (lambda: Response("{}", 500), "Moca answered 500."),
    ],
)
def test_a_refusal_is_told_in_words(
    api: ScriptedApi, answer: Callable[[], ResponseReturnValue], told: str
) -> None:
    api.answers = [answer]
    with pytest.raises(ApiError, match=f"^{told}$"):
        api.client.get("queue")


@pytest.mark.parametrize(("body", "status"), [("<html>", 200), ("[]", 200), ("", 302)])
def test_what_is_not_moca_is_told(api: ScriptedApi, body: str, status: int) -> None:
    api.answers = [lambda: Response(body, status, {"Location": "http://127.0.0.1:9/"})]
    with pytest.raises(ApiError, match="is not Moca's API"):
        api.client.get("queue")


def test_a_moca_that_cannot_be_reached_is_told_without_the_key() -> None:
    with pytest.raises(ApiError, match=r"cannot be reached at http://127\.0\.0\.1:9 ") as raised:
        ApiClient("http://127.0.0.1:9", "moca_key").get("queue")
    assert "moca_key" not in str(raised.value)


@pytest.mark.parametrize(("begin", "then"), DRIPPING)
def test_a_moca_that_answers_byte_by_byte_is_given_up(begin: bytes, then: bytes) -> None:
    with answering(begin, then) as url, pytest.raises(ApiError, match="cannot be reached at"):
        ApiClient(url, "moca_key", timeout_seconds=0.3).get("queue")


def test_an_answer_without_end_is_not_read_to_its_end() -> None:
    endless = answering(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", b" " * 65536)
    with endless as url, pytest.raises(ApiError, match="too long"):
        ApiClient(url, "moca_key").get("queue")


def test_a_post_whose_answer_is_lost_is_repeated_with_its_key(
    api: ScriptedApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    send, failures = ApiClient._send, [ApiError("lost")]

    def loses_the_first(self: ApiClient, *args: Any, **kwargs: Any) -> object:
        answer = send(self, *args, **kwargs)
        if failures:
            raise failures.pop()
        return answer

    monkeypatch.setattr(ApiClient, "_send", loses_the_first)
    assert api.client.post("conversations", "1", "messages", body={"text": "x"}) == {"ok": True}
    keys = [key for _, _, key in api.asked]
    assert (len(keys), len(set(keys)), len(keys[0])) == (2, 1, 32)


def test_what_the_environment_says_of_proxies_is_not_followed(
    api: ScriptedApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert api.client.get("queue") == {"ok": True}
