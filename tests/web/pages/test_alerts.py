"""What the pages need to tell agents that a conversation needs a reply."""

import json
import re
import struct
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

import moca.web
from tests.support.values import captured
from tests.web.rows import AT, a_contact, a_conversation

POLL = {"X-Moca-Live": "1"}
STATIC = Path(moca.web.__file__).parent / "static"


def a_need(name: str, minutes: int, **columns: Any) -> int:
    since = AT - timedelta(minutes=minutes)
    contact = a_contact(psid=f"psid of {name}", name=name)
    found: int = a_conversation(contact, needs_reply_since=since, **columns).id
    return found


def needs(page: str) -> tuple[int, list[tuple[str, str, str]]]:
    """Return the count, and who is named since when at which address."""
    told = re.findall(r'class="need" value="(.*?)" data-name="(.*?)" data-since="(.*?)"', page)
    return int(captured(r'class="count" value="(\d+)"', page)), told


def test_what_needs_a_reply_is_counted_and_the_latest_are_named(
    browser_session: FlaskClient,
) -> None:
    ids = [a_need(f"Contact {minutes}", minutes) for minutes in range(7)]
    a_need("Closed", 0, status="closed")
    a_conversation(a_contact())

    page = browser_session.get("/needs-reply", headers=POLL).text

    assert needs(page) == (
        7,
        [
            (f"/conversations/{ids[minutes]}", f"Contact {minutes}", f"2026-11-22T{at}:00Z")
            for minutes, at in enumerate(("12:00", "11:59", "11:58", "11:57", "11:56"))
        ],
    )


def test_an_unchanged_count_is_not_sent_again(browser_session: FlaskClient) -> None:
    first = browser_session.get("/needs-reply", headers=POLL)

    again = browser_session.get(
        "/needs-reply", headers={**POLL, "If-None-Match": first.headers["ETag"]}
    )

    assert (needs(first.text), again.status_code, again.data) == ((0, []), 304, b"")


def test_names_cannot_leave_their_attribute(browser_session: FlaskClient) -> None:
    a_need('"><script>alert(1)</script>', 0)

    assert "<script>alert" not in browser_session.get("/needs-reply", headers=POLL).text


def test_a_browser_that_opens_the_address_gets_the_work_list(browser_session: FlaskClient) -> None:
    assert browser_session.get("/needs-reply").location == "/?list=needs_reply"


def test_a_stranger_learns_nothing(stranger: FlaskClient) -> None:
    assert stranger.get("/needs-reply", headers=POLL).status_code == 401


@pytest.mark.parametrize(("count", "shown"), [(1, "1"), (9, "9"), (10, "9+"), (10**30, "9+")])
def test_the_icon_bears_the_count(browser_session: FlaskClient, count: int, shown: str) -> None:
    answer = browser_session.get(f"/icons/{count}.svg")

    assert (answer.mimetype, answer.headers["Cache-Control"]) == ("image/svg+xml", "max-age=86400")
    assert answer.text.rstrip().endswith(f">{shown}</text></svg>")


def test_the_icon_with_a_count_is_the_plain_one_with_a_badge(browser_session: FlaskClient) -> None:
    plain = (STATIC / "icon.svg").read_text(encoding="utf-8").strip().removesuffix("</svg>")

    assert browser_session.get("/icons/3.svg").text.startswith(plain)


def test_the_manifest_names_icons_that_are_there(browser_session: FlaskClient) -> None:
    with browser_session.get("/static/moca.webmanifest") as answer:
        icons = {each["src"]: each["sizes"] for each in json.loads(answer.data)["icons"]}

    sizes = {}
    for path in STATIC.glob("icon*.png"):
        width, height = struct.unpack(">II", path.read_bytes()[16:24])
        sizes[path.name] = f"{width}x{height}"
    assert answer.mimetype == "application/manifest+json"
    assert icons == {"icon.svg": "any", **sizes}
