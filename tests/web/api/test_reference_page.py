"""The page that shows the HTTP API."""

import re

from flask import Flask
from flask.testing import FlaskClient


def test_every_request_and_object_of_the_api_is_shown(browser_session: FlaskClient) -> None:
    page = browser_session.get("/docs")
    assert page.status_code == 200
    document = browser_session.get("/openapi.json").get_json()
    for path, operations in document["paths"].items():
        for method in operations:
            assert f"<code>{method.upper()} {path}</code></h3>" in page.text
    assert '<h3 id="conversationshape">ConversationShape</h3>' in page.text
    assert "<td>Instagram's message ID, or moca-&lt;id&gt; until a reply has one.</td>" in page.text


def test_every_link_within_the_page_leads_somewhere(browser_session: FlaskClient) -> None:
    text = browser_session.get("/docs").text
    links, ids = (set(re.findall(p, text)) for p in (r'href="#([^"]+)"', r' id="([^"]+)"'))
    assert links - ids == set()
    assert len(links) > 50


def test_the_page_takes_nothing_from_elsewhere_and_has_no_inline_code(
    browser_session: FlaskClient,
) -> None:
    text = browser_session.get("/docs").text
    loaded = re.findall(r'<(?:script|link|img|iframe)[^>]* (?:src|href)="([^"]+)"', text)
    assert [each for each in loaded if not each.startswith("/static/")] == []
    assert re.search(r"<script(?![^>]* src=)|<style| style=| on\w+=", text) is None


def test_strangers_are_asked_to_log_in(app: Flask) -> None:
    answer = app.test_client().get("/docs")
    assert (answer.status_code, "GET /api" in answer.text) == (401, False)


def test_every_post_is_described_with_its_key(client: FlaskClient) -> None:
    paths = client.get("/openapi.json").get_json()["paths"]
    ours = [each for path, each in paths.items() if path.startswith("/api/")]
    posts = [each["post"] for each in ours if "post" in each]
    headers = [[each for each in post["parameters"] if each["in"] == "header"] for post in posts]
    named = [[each["name"] for each in found] for found in headers]
    assert named == [["Idempotency-Key"]] * len(posts)
    assert len(posts) >= 14
    assert all({"409", "422"} <= post["responses"].keys() for post in posts)
