from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient

from moca.core.reports import Measure, bucket_of
from moca.storage.db.metric_tables import ArrivalHour, ReportHour
from moca.web.config import WebConfig
from tests.web.rows import ACCOUNT, AT

HERE = "/reports"
HOUR = AT.replace(minute=0)


@pytest.fixture
def config(config: WebConfig) -> WebConfig:
    """A shop whose business hours are Tokyo's."""
    return replace(config, zone="Asia/Tokyo")


def a_count(
    measure: Measure,
    subject: str = "",
    seconds: float = 0,
    count: int = 1,
    hour: datetime = HOUR,
    account_id: str = ACCOUNT,
) -> None:
    ReportHour.create(
        hour=hour,
        account_id=account_id,
        measure=measure,
        subject=subject,
        bucket=bucket_of(timedelta(seconds=seconds)),
        count=count,
    )


def rows_of(page: str, heading: str) -> list[list[str]]:
    """Return the rows of the table below a heading, without its head."""
    table = page.split(f">{heading}</h2>")[1].split("<tbody>")[1].split("</tbody>", maxsplit=1)[0]
    rows = table.replace("</th>", "</td>").replace('<th scope="row">', "<td>").split("</tr>")
    return [row.replace("<tr>", "").replace("<td>", "").split("</td>")[:-1] for row in rows if row]


def test_without_counts_the_page_says_so(browser_session: FlaskClient) -> None:
    page = browser_session.get(HERE).text
    assert "No teammate has replied or closed a conversation in this time." in page
    assert "No conversation was handed over in this time." in page
    assert 'href="/reports" aria-current="page"' in page


def test_the_figures_of_teammates_and_reasons_are_shown(browser_session: FlaskClient) -> None:
    a_count(Measure.REPLIED, "<b>Ana</b>", count=3)
    a_count(Measure.FIRST_REPLY, "<b>Ana</b>", seconds=420)
    a_count(Measure.RESOLVED, "<b>Ana</b>", seconds=7_300, count=4)
    a_count(Measure.RESOLVED, "", seconds=20)
    a_count(Measure.RESOLVED_BY_BOT, count=2)
    a_count(Measure.HANDED_OVER, "asked for a person", count=2)
    a_count(Measure.HANDED_OVER, "complaint", count=5)

    page = browser_session.get(HERE).text

    assert rows_of(page, "Teammates") == [
        ["&lt;b&gt;Ana&lt;/b&gt;", "3", "7 min", "4", "3 h"],
        ["API", "0", "none", "1", "under 1 min"],
    ]
    assert rows_of(page, "Hand-overs by reason") == [
        ["Complaint", "5"],
        ["Asked for a person", "2"],
    ]
    assert '<span class="tile-count">40%</span>' in page


def test_accounts_are_compared_only_if_there_are_several(browser_session: FlaskClient) -> None:
    a_count(Measure.REPLIED, "Ana")
    assert ">Accounts</h2>" not in browser_session.get(HERE).text
    a_count(Measure.REPLIED, "Ana", count=2, account_id="another")
    page = browser_session.get(HERE).text
    assert rows_of(page, "Accounts") == [
        ["another", "2", "none", "0", "none"],
        [ACCOUNT, "1", "none", "0", "none"],
    ]
    of_one = browser_session.get(f"{HERE}?account=another").text
    assert rows_of(of_one, "Teammates") == [["Ana", "2", "none", "0", "none"]]


def test_days_hours_and_weekdays_are_those_of_the_shop(browser_session: FlaskClient) -> None:
    saturday_at_20 = HOUR - timedelta(hours=16)
    a_count(Measure.HANDED_OVER, "complaint", hour=saturday_at_20)
    ArrivalHour.create(account_id=ACCOUNT, hour=saturday_at_20, delivered=3, missed=1)

    page = browser_session.get(HERE).text

    assert "<title>Sun 22 Nov: 1 handed over</title>" in page
    assert "<title>5:00: 4 messages</title>" in page
    assert "<title>Sun: 4 messages</title>" in page
    assert "Days are counted in Asia/Tokyo." in page


def test_what_is_older_than_the_period_is_left_out(browser_session: FlaskClient) -> None:
    a_count(Measure.REPLIED, "Ana", hour=HOUR - timedelta(days=8))
    assert "No teammate has replied" in browser_session.get(HERE).text
    assert "Ana" in browser_session.get(f"{HERE}?days=30").text


def test_days_that_are_left_out_are_told_and_exported_all_the_same(
    browser_session: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("moca.storage.queries.reports.MAX_COUNTS", 1)
    for days in range(3):
        a_count(Measure.REPLIED, "Ana", hour=HOUR - timedelta(days=days))

    page = browser_session.get(HERE).text

    assert "only those since 21 Nov 2026 are shown" in page
    assert rows_of(page, "Teammates") == [["Ana", "2", "none", "0", "none"]]
    assert browser_session.get("/reports.csv").text.count(",replied,Ana,1,") == 3


@pytest.mark.parametrize("days", ["0", "8", "week"])
def test_other_periods_are_not_found(browser_session: FlaskClient, days: str) -> None:
    assert browser_session.get(f"{HERE}?days={days}").status_code == 404


def test_the_figures_are_exported_as_csv(browser_session: FlaskClient) -> None:
    a_count(Measure.REPLIED, "=HYPERLINK()", count=2)
    a_count(Measure.FIRST_REPLY, "Ana", seconds=420)

    answer = browser_session.get("/reports.csv?days=7")

    day = AT.date().isoformat()
    assert answer.mimetype == "text/csv"
    assert (
        f"moca-reports-{(AT - timedelta(days=6)).date()}-{day}.csv"
        in (answer.headers["Content-Disposition"])
    )
    assert answer.text.splitlines() == [
        "day,account,measure,subject,count,median_seconds",
        f"{day},{ACCOUNT},first_reply,Ana,1,450",
        f"{day},{ACCOUNT},replied,'=HYPERLINK(),2,",
    ]
