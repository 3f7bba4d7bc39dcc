"""The pictures of the README, made anew whenever somebody asks for them with MOCA_SHOOT=1."""

import os
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
from playwright.sync_api import expect

from tests.browser.service import TOKEN, whole_moca

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
PEOPLE = (
    ("Ada Lindqvist", "On Sunday from ten to four. See you then!"),
    ("Ben Okafor", "We do: it takes five days to Norway, and is free above 50 euros."),
    ("Carla Mendes", "I am sorry! Let me look where your order 1042 is."),
    ("Dmitri Volkov", "There are two oak tables left. Shall I keep one for you?"),
    ("Emi Tanaka", "Thank you, we are happy that you like it!"),
    ("Farah Haddad", "Of course. What is your new address?"),
)


@pytest.fixture
def directory(tmp_path):
    """Where pictures go: beside the README if that is asked for."""
    return PICTURES if os.environ.get("MOCA_SHOOT") == "1" else tmp_path


@pytest.fixture
def moca(tmp_path):
    """A Moca that a morning's work has passed through."""
    with whole_moca(tmp_path) as whole:
        whole.post("/api/queue/freeze")
        for number, (name, reply) in enumerate(PEOPLE, start=1):
            whole.writes("Hello!", f"70{number}", name)
            whole.waits_for(*["pending"] * number)
            whole.rows(
                f"UPDATE message SET text = '{reply}' WHERE role='assistant' AND id={2 * number}"
            )
            whole.rows(f"UPDATE contact SET name = '{name}' WHERE psid = '70{number}'")
        yield whole


@pytest.fixture
def page(browser, moca):
    context = browser.new_context(
        viewport={"width": 1180, "height": 760}, base_url=moca.url, device_scale_factor=2
    )
    page = context.new_page()
    page.goto(f"/?token={TOKEN}")
    yield page
    context.close()


def test_the_queue_as_the_readme_shows_it(page, moca, directory):
    moca.rows("UPDATE queue_item SET status = 'unknown', because = 'no answer in time' WHERE id=3")
    moca.rows(
        "UPDATE queue_item SET status = 'failed',"
        " because = 'Instagram: this person cannot be written to (551)' WHERE id=4"
    )
    page.goto("/queue")
    expect(page.locator(".item")).to_have_count(6)
    (directory / "queue.png").write_bytes(page.screenshot())


def test_health_as_the_readme_shows_it(page, moca, directory):
    draw, now = Random(7), int(datetime.now(UTC).timestamp()) // 60 * 60
    for minute in range(60):
        heard = 4 + int(10 * draw.random() + 14 * max(0, 1 - abs(minute - 34) / 12))
        at = (now - (59 - minute) * 60) * 1_000_000
        late = heard // 9
        for name, count, each in (
            ("webhook.200", heard * 2, 0),
            ("webhook.403", late // 2, 0),
            ("ack", heard * 2, 4_000),
            ("outcome.answered", heard - late, 0),
            ("outcome.duplicate", late, 0),
            ("reply", heard - late, 6_100_000),
            ("call.throttled", 2 * (30 < minute < 40), 0),
            ("call.unconfirmed", int(minute in (12, 36, 37)), 0),
        ):
            longest = int(each * (1.4 + 2 * draw.random()))
            moca.rows(
                "INSERT INTO minute_figure (minute, name, count, total, longest)"
                f" VALUES ({at}, '{name}', {count}, {count * each}, {longest})"
                " ON CONFLICT DO NOTHING"
            )
    moca.post("/api/queue/release")
    page.goto("/health")
    expect(page.locator('[data-chart="failures"] rect').first).to_be_attached()
    (directory / "health.png").write_bytes(page.screenshot(full_page=True))
