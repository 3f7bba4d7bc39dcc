import pytest

from moca.instagram.signature import sign
from tests.web.test_web_webhook import ADDRESS, SAMPLE, post


@pytest.fixture
def seen(app):
    """What Flask made a request of."""
    requests = []
    app.before_request_funcs.setdefault(None, []).append(lambda: requests.append("seen"))
    return requests


def test_a_webhook_as_meta_sends_it_is_answered_before_flask(stranger, house, seen) -> None:
    answer = post(stranger, SAMPLE)
    assert (answer.status_code, answer.data, seen) == (200, b"EVENT_RECEIVED", [])
    assert len(house.told) == 1


@pytest.mark.parametrize(
    ("body", "secret", "status"),
    [(SAMPLE, "not ours", 403), (b"{", "second-secret", 400), (b"{}", "second-secret", 404)],
)
def test_flask_says_what_is_wrong_with_any_other(stranger, seen, body, secret, status) -> None:
    assert post(stranger, body, secret).status_code == status
    assert seen == ["seen"]


def test_a_body_of_unannounced_length_goes_through_flask_all_the_same(stranger, seen) -> None:
    headers = {"X-Hub-Signature-256": sign(SAMPLE, "second-secret")}
    answer = stranger.post(
        ADDRESS,
        data=SAMPLE,
        headers=headers,
        environ_overrides={"CONTENT_LENGTH": "", "wsgi.input_terminated": True},
    )
    assert (answer.status_code, seen) == (200, ["seen"])


def test_what_could_not_be_stored_is_told_once_and_refused(stranger, house, seen) -> None:
    house.answer = OSError("disk full")
    answer = post(stranger, SAMPLE)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (503, "unavailable")
    assert (len(house.told), seen) == (1, [])
