"""The page that shows the HTTP API."""

import re


def test_every_request_and_object_of_the_api_is_shown(browser_session):
    page = browser_session.get("/docs")
    assert page.status_code == 200
    document = browser_session.get("/openapi.json").get_json()
    for path, operations in document["paths"].items():
        for method in operations:
            assert f"<code>{method.upper()} {path}</code></h3>" in page.text
    assert '<h3 id="conversationshape">ConversationShape</h3>' in page.text
    assert "<td>Instagram's message ID, or moca-&lt;id&gt; until a reply has one.</td>" in page.text


def test_every_link_within_the_page_leads_somewhere(browser_session):
    text = browser_session.get("/docs").text
    links, ids = (set(re.findall(p, text)) for p in (r'href="#([^"]+)"', r' id="([^"]+)"'))
    assert links - ids == set()
    assert len(links) > 50


def test_the_page_takes_nothing_from_elsewhere_and_has_no_inline_code(browser_session):
    text = browser_session.get("/docs").text
    loaded = re.findall(r'<(?:script|link|img|iframe)[^>]* (?:src|href)="([^"]+)"', text)
    assert [each for each in loaded if not each.startswith("/static/")] == []
    assert re.search(r"<script(?![^>]* src=)|<style| style=| on\w+=", text) is None


def test_strangers_are_asked_to_log_in(app):
    answer = app.test_client().get("/docs")
    assert (answer.status_code, "GET /api" in answer.text) == (401, False)
