"""The screenshots of the README, remade on request with MOCA_SHOOT=1."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import findings_in_both_schemes
from tests.browser.patience import new_context
from tests.browser.service import TOKEN, Whole, whole_moca
from tests.browser.width import fits

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
def directory(tmp_path: Path) -> Path:
    """Where screenshots go: beside the README if requested."""
    return PICTURES if os.environ.get("MOCA_SHOOT") == "1" else tmp_path


@pytest.fixture
def moca(tmp_path: Path) -> Iterator[Whole]:
    """A Moca after a morning's work."""
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
def page(browser: Browser, moca: Whole) -> Iterator[Page]:
    context = new_context(
        browser, viewport={"width": 1180, "height": 760}, base_url=moca.url, device_scale_factor=2
    )
    page = context.new_page()
    page.goto(f"/?token={TOKEN}")
    yield page
    context.close()


def test_the_queue_as_the_readme_shows_it(page: Page, moca: Whole, directory: Path) -> None:
    moca.rows("UPDATE queue_item SET status = 'unknown', because = 'no answer in time' WHERE id=3")
    moca.rows(
        "UPDATE queue_item SET status = 'failed',"
        " because = 'Instagram: this person cannot be written to (551)' WHERE id=4"
    )
    page.goto("/queue")
    expect(page.locator(".item")).to_have_count(6)
    (directory / "queue.png").write_bytes(page.screenshot())


def test_health_as_the_readme_shows_it(page: Page, moca: Whole, directory: Path) -> None:
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


def count_a_month(moca: Whole) -> None:
    """Fill the reports of a month, as two teammates and a bot might have made it."""
    draw, now = Random(11), int(datetime.now(UTC).timestamp()) // 3_600
    arrivals, counts = [], []
    for hour in range(now - 30 * 24, now + 1):
        at, is_day = hour * 3_600_000_000, 8 <= hour % 24 < 18
        arrivals.append(f"({at}, '1', {draw.randrange(20) * (3 if is_day else 1)}, 0)")
        if is_day:
            counts += [f"({at}, '1', {each}, 1)" for each in what_happened(draw)]
    columns = "hour, account_id, delivered, missed"
    moca.rows(f"INSERT INTO arrival_hour ({columns}) VALUES {', '.join(arrivals)}")
    columns = "hour, account_id, measure, subject, bucket, count"
    moca.rows(f"INSERT INTO report_hour ({columns}) VALUES {', '.join(counts)}")


def what_happened(draw: Random) -> Iterator[str]:
    """Return what an hour counts: measure, subject and bucket."""
    yield f"'handed_over', '{draw.choice(('complaint', 'asked for a person'))}', 0"
    for name in ("Ana", "Ben"):
        yield f"'first_reply', '{name}', {draw.randrange(2, 7)}"
        yield f"'replied', '{name}', 0"
        if draw.random() < 0.7:
            yield f"'resolved', '{name}', {draw.randrange(5, 10)}"
    if draw.random() < 0.5:
        yield "'resolved_by_bot', '', 0"


def test_reports_as_the_docs_show_them(page: Page, moca: Whole, directory: Path) -> None:
    count_a_month(moca)
    moca.post("/api/queue/release")
    page.goto("/reports?days=30")
    first_reply = page.locator('[data-chart="first_reply"]')
    expect(first_reply.locator("rect").first).to_be_attached()
    assert len(first_reply.locator(".y-axis").inner_text().split("\n")) == 3
    (directory / "reports.png").write_bytes(page.screenshot(full_page=True))
    assert findings_in_both_schemes(page) == []
    page.set_viewport_size({"width": 390, "height": 800})
    assert fits(page)
    assert findings_in_both_schemes(page) == []
