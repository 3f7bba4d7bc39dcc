import pytest
import structlog
from flask import Flask
from flask.testing import FlaskClient
from structlog.testing import capture_logs

from moca.web.request_ids import HEADER
from tests.web.conftest import Backend


def test_a_client_s_id_is_echoed(client: FlaskClient) -> None:
    assert client.get("/api/stats", headers={HEADER: "my-id.7"}).headers[HEADER] == "my-id.7"


@pytest.mark.parametrize("given", ["", "x" * 65, "a b", "a\tb", "ünïcode"])
def test_any_other_request_gets_a_new_id(client: FlaskClient, given: str) -> None:
    first, second = (
        client.get("/api/stats", headers={HEADER: given.encode("utf-8").decode("latin1")})
        for _ in range(2)
    )
    assert len(first.headers[HEADER]) == 16
    assert first.headers[HEADER] != second.headers[HEADER]


def test_what_a_request_logs_has_its_id_and_what_comes_after_has_none(
    app: Flask, client: FlaskClient
) -> None:
    @app.get("/logs")
    def logs() -> str:
        structlog.get_logger().info("within")
        return "x"

    processors = [structlog.contextvars.merge_contextvars]
    with capture_logs(processors=processors) as entries:
        client.get("/logs", headers={HEADER: "my-id"})
        structlog.get_logger().info("after")
    told = [(each["event"], each.get("request_id")) for each in entries]
    assert told == [("within", "my-id"), ("after", None)]


def test_a_refusal_for_now_says_when_to_try_again(client: FlaskClient, backend: Backend) -> None:
    backend.answer = None
    refused = client.post("/api/queue/freeze")
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")


def test_the_description_has_short_names_tags_servers_and_examples(client: FlaskClient) -> None:
    document = client.get("/openapi.json").get_json()
    operations = [each for path in document["paths"].values() for each in path.values()]
    ids = [each["operationId"] for each in operations]
    assert len(ids) == len(set(ids))
    assert max(map(len, ids)) <= 40
    assert {tag for each in operations for tag in each["tags"]}.isdisjoint({"default"})
    assert document["servers"] == [{"url": "/", "description": "This Moca."}]
    body = document["paths"]["/api/queue/{item_id}/settle"]["post"]["requestBody"]
    assert body["content"]["application/json"]["example"] == {"delivered": True}
