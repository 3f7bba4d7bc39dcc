from datetime import timedelta
from typing import Any

import pytest

from moca.core.outbox.delivery import AccountStopped, Rejected, Throttled, Unconfirmed, Undelivered
from moca.instagram.errors import GraphError, classify, classify_without_error, read_error
from moca.instagram.usage import regain_access_after
from tests.support.values import present


def error(code: int, subcode: int | None = None, *, transient: bool = False) -> GraphError | None:
    body = {"error": {"message": "secret", "code": code, "is_transient": transient}}
    if subcode is not None:
        body["error"]["error_subcode"] = subcode
    return read_error(body)


@pytest.mark.parametrize(
    ("code", "subcode", "verdict"),
    [
        (1, None, Unconfirmed),
        (1, 99, Unconfirmed),
        (1, 1357046, Unconfirmed),
        (2, None, Unconfirmed),
        (2, 1545133, Unconfirmed),
        (100, 2534025, Unconfirmed),
        (4, None, Throttled),
        (17, None, Throttled),
        (32, None, Throttled),
        (341, None, Throttled),
        (613, None, Throttled),
        (613, 2534040, Throttled),
        (613, 1996, Throttled),
        (80001, None, Throttled),
        (80002, None, Throttled),
        (80006, None, Throttled),
        (190, None, AccountStopped),
        (102, None, AccountStopped),
        *((190, subcode, AccountStopped) for subcode in (458, 459, 460, 463, 464, 467, 492)),
        (190, 12345, AccountStopped),
        (3, None, AccountStopped),
        (10, None, AccountStopped),
        (10, 1893063, AccountStopped),
        (10, 2534077, AccountStopped),
        (100, 33, AccountStopped),
        (100, 2534013, AccountStopped),
        (100, 2534029, AccountStopped),
        (200, None, AccountStopped),
        (200, 2534041, AccountStopped),
        (299, None, AccountStopped),
        (368, None, AccountStopped),
        (368, 1390008, AccountStopped),
        (10, 2534022, Rejected),
        (10, 2018278, Rejected),
        (10, 2018065, Rejected),
        (10, 2018108, Rejected),
        (100, None, Rejected),
        (100, 2534014, Rejected),
        (100, 2018001, Rejected),
        (100, 2534015, Rejected),
        (100, 2534037, Rejected),
        (100, 2018300, Rejected),
        (100, 2018008, Rejected),
        (200, 1545041, Rejected),
        (200, 2018028, Rejected),
        (551, None, Rejected),
        (551, 1545041, Rejected),
        (230, None, Rejected),
        (9010, None, Rejected),
        (9000001, None, Rejected),
        (2534001, None, Rejected),
        (300, None, Rejected),
        (4711, 1, Rejected),
    ],
)
def test_an_error_is_judged_by_code_and_subcode(
    code: int, subcode: int | None, verdict: object
) -> None:
    result = classify(present(error(code, subcode)), 400)
    assert type(result) is verdict
    assert result.because.startswith(f"Graph {code}" + ("" if subcode is None else f"/{subcode}"))
    assert "secret" not in result.because


@pytest.mark.parametrize("status", [200, 400, 401, 403, 429, 500])
def test_the_status_changes_nothing_about_a_known_error(status: int) -> None:
    assert classify(present(error(190, 463)), status) == AccountStopped(
        "Graph 190/463: the access token has expired", is_token_dead=True
    )


def test_a_throttle_carries_the_wait() -> None:
    wait = timedelta(minutes=19)
    assert classify(present(error(613)), 400, wait) == Throttled(
        "Graph 613: the limit for messages is reached", wait
    )


@pytest.mark.parametrize(
    ("unheard_of", "status", "verdict"),
    [
        (error(4711), 400, Rejected("Graph 4711: unknown error with HTTP 400")),
        (error(4711), 500, Unconfirmed("Graph 4711: unknown error with HTTP 500")),
        (
            error(4711, transient=True),
            400,
            Unconfirmed("Graph 4711: unknown error, marked as temporary"),
        ),
    ],
)
def test_an_unknown_error_that_may_have_delivered_is_unconfirmed(
    unheard_of: GraphError, status: int, verdict: Rejected | Unconfirmed
) -> None:
    assert classify(unheard_of, status) == verdict


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (201, Unconfirmed("HTTP 201 without details")),
        (302, Undelivered("HTTP 302 without details")),
        (404, Undelivered("HTTP 404 without details")),
        (429, Throttled("HTTP 429 without details", timedelta(minutes=1))),
        (500, Unconfirmed("HTTP 500 without details")),
        (504, Unconfirmed("HTTP 504 without details")),
    ],
)
def test_a_failure_that_names_no_error_is_judged_by_its_status(
    status: int, verdict: Throttled | Unconfirmed | Undelivered
) -> None:
    assert classify_without_error(status, timedelta(minutes=1)) == verdict


@pytest.mark.parametrize(
    "document",
    [
        None,
        5,
        "x",
        [],
        {},
        {"error": None},
        {"error": "x"},
        {"error": {}},
        {"error": {"code": "x"}},
    ],
)
def test_what_names_no_code_is_no_error(
    document: dict[str, Any] | int | list[object] | str | None,
) -> None:
    assert read_error(document) is None


def usage(content: str) -> dict[str, str]:
    return {"X-Business-Use-Case-Usage": content}


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, None),
        (usage("nonsense"), None),
        (usage("[]"), None),
        (usage('{"1":[{"type":"instagram","estimated_time_to_regain_access":0}]}'), None),
        (
            usage('{"1":[{"type":"instagram","estimated_time_to_regain_access":19},7]}'),
            timedelta(minutes=19),
        ),
        (
            usage(
                '{"1":[{"type":"ads_insights","estimated_time_to_regain_access":600},'
                '{"type":"messenger","estimated_time_to_regain_access":2}],'
                '"2":[{"estimated_time_to_regain_access":3}]}'
            ),
            timedelta(minutes=3),
        ),
        (usage('{"1":[{"estimated_time_to_regain_access":1e300}]}'), timedelta(days=1)),
        (usage('{"1":[{"estimated_time_to_regain_access":NaN}]}'), None),
    ],
)
def test_the_wait_is_read_from_the_usage_header(
    headers: dict[str, str], wait: timedelta | None
) -> None:
    assert regain_access_after(headers) == wait
