import pytest
from flask.testing import FlaskClient

from moca.storage.db.operator_tables import Label, Operator, SavedReply
from tests.web.forms import sends
from tests.web.rows import AT, a_conversation


@pytest.mark.parametrize(
    "address",
    [
        "/users?cursor=odd",
        "/conversations/bulk/close?cursor=odd",
        "/conversations/bulk/close?label=x",
        "/conversations/bulk/close?list=odd",
        "/conversations/1/messages?cursor=odd",
        "/conversations/1/messages?q=%00",
        "/conversations/1/notes?label=x",
    ],
)
def test_what_is_refused_at_an_address_that_names_no_page_is_told_all_the_same(
    browser_session: FlaskClient, address: str
) -> None:
    a_conversation()
    answer = sends(browser_session, address, name="ana", right="reads", password="1234567890")
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (422, "invalid")


@pytest.mark.parametrize(
    "address",
    [
        *("/labels", "/labels/%00", "/saved-replies", "/saved-replies/%00/remove"),
        *("/users", "/queue/1/edit", "/conversations/1/notes", "/conversations/bulk/close"),
    ],
)
@pytest.mark.parametrize("arguments", ["", "?q=%00", "?cursor=odd"])
def test_a_stranger_is_shown_no_page_whatever_is_refused(
    stranger: FlaskClient, address: str, arguments: str
) -> None:
    SavedReply.create(name="Hours", text="We open at nine.")
    Operator.create(name="ada", role="reads", password_hash="", created_at=AT)
    Label.create(name="Refund", colour="red")
    a_conversation()
    answer = stranger.post(f"{address}{arguments}")
    assert answer.status_code in {401, 404, 422}
    assert not any(secret in answer.text for secret in ("We open at nine.", "ada", "Ada", "Refund"))


def test_connecting_is_not_offered_without_an_app(browser_session: FlaskClient) -> None:
    assert 'href="/connect"' not in browser_session.get("/accounts").text
