"""A script that keeps its list asks for a conversation without it."""

import pytest
from flask.testing import FlaskClient

from tests.web.rows import a_conversation


@pytest.mark.parametrize(
    ("address", "shown_list", "has_rows"),
    [
        ("/conversations/1", None, True),
        ("/conversations/1", "/", False),
        ("/conversations/1?list=closed", "/", True),
        ("/conversations/1?list=closed", "/?list=closed", False),
        ("/conversations/1", "/?list=closed", True),
    ],
)
def test_a_list_that_the_page_has_already_is_not_listed_again(
    browser_session: FlaskClient, address: str, shown_list: str | None, has_rows: bool
) -> None:
    a_conversation(status="closed" if "closed" in address else "open")
    headers = {} if shown_list is None else {"X-Moca-List": shown_list}

    page = browser_session.get(address, headers=headers).text

    assert ('aria-label="Work lists"' in page) == has_rows
    assert 'id="bubbles"' in page
    assert 'id="contact-name"' in page
