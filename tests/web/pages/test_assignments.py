import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from moca.storage.db.operator_tables import Operator
from tests.web.auth.test_login import an_operator, logs_in, operator
from tests.web.conftest import Backend
from tests.web.forms import sends
from tests.web.rows import a_contact, a_conversation, assigned

__all__ = ["operator"]

HERE = "/conversations/1"
POLL = {"X-Moca-Live": "1"}


def options(page: str) -> tuple[list[str], list[str]]:
    """Return the names of the select "Assigned to", and the chosen one."""
    select = page.split('id="assignee"')[1].split("</select>", maxsplit=1)[0]
    return re.findall(r">([^<]+)</option>", select), re.findall(r"selected>([^<]+)<", select)


def mine(page: str) -> str | None:
    """Return what the link to *Mine* shows, or None without one."""
    found = re.search(r'href="/[?]list=mine"[^>]*>(.*?)</a>', page)
    return found and re.sub("<[^>]+>", "", found[1])


def test_an_agent_assigns_to_themselves_a_colleague_or_no_one(
    operator: Callable[[str], FlaskClient], backend: Backend
) -> None:
    agent = operator("answers")
    ben = an_operator("ben")
    a_conversation()
    me = Operator.get(Operator.name == "who answers")

    assert options(agent.get(HERE).text) == (
        ["who answers (you)", "ben", "No one"],
        ["No one"],
    )
    for chosen in (me.id, ben.id, ""):
        sends(agent, f"{HERE}/assign", token_from=HERE, operator=str(chosen))
    assert backend.commands == [
        assigned(1, me.id, "who answers", "who answers", me.id),
        assigned(1, ben.id, "ben", "who answers", me.id),
        assigned(1, None, by="who answers", by_id=me.id),
    ]
    assert backend.audited == [
        ("who answers", "assigned a conversation to who answers", "conversation 1"),
        ("who answers", "assigned a conversation to ben", "conversation 1"),
        ("who answers", "assigned a conversation to no one", "conversation 1"),
    ]


def test_the_page_and_the_row_show_to_whom_it_is_assigned(
    operator: Callable[[str], FlaskClient],
) -> None:
    agent = operator("answers")
    a_conversation(assignee_id=an_operator("ben").id)

    page = agent.get(HERE).text

    assert "Assigned to ben" in page
    assert options(page)[1] == ["ben"]
    assert "Assigned to ben" in agent.get("/?list=all_open", headers=POLL).text


@pytest.mark.parametrize("chosen", ["99", "ada", "-1"])
def test_nothing_is_assigned_to_someone_who_is_no_user(
    operator: Callable[[str], FlaskClient], backend: Backend, chosen: str
) -> None:
    agent = operator("answers")
    a_conversation()

    answer = sends(agent, f"{HERE}/assign", token_from=HERE, operator=chosen)

    assert (answer.status_code, backend.commands) == (422, [])


def test_viewers_assign_nothing(operator: Callable[[str], FlaskClient], backend: Backend) -> None:
    viewer = operator("reads")
    a_conversation()

    assert 'id="assignee"' not in viewer.get(HERE).text
    assert viewer.post(f"{HERE}/assign", data={"operator": ""}).status_code == 403
    assert backend.commands == []


def test_without_users_no_page_speaks_of_assignments(browser_session: FlaskClient) -> None:
    a_conversation()

    page = browser_session.get(HERE).text
    assert 'id="assignee"' not in page
    assert "list=unassigned" not in page
    an_operator("ben")
    assert "list=unassigned" in browser_session.get(HERE).text


def test_each_operator_has_their_own_list_and_count(operator: Callable[[str], FlaskClient]) -> None:
    agent, viewer = operator("answers"), operator("reads")
    who = Operator.get(Operator.name == "who answers").id
    for psid in ("1", "2"):
        a_conversation(a_contact(psid=psid, name=f"Ada {psid}"), assignee_id=who)

    seen = [client.get("/?list=mine", headers=POLL).text for client in (agent, viewer)]

    assert [page.count('class="row"') for page in seen] == [2, 0]
    assert [mine(page) for page in seen] == ["Mine 2", "Mine"]
    assert [mine(each.get("/").text) for each in (agent, viewer)] == ["Mine 2", "Mine"]


def test_agents_share_a_rendered_list_but_not_the_count_of_their_own(
    app: Flask, operator: Callable[[str], FlaskClient]
) -> None:
    agent, ben = operator("answers"), an_operator("ben")
    other = app.test_client()
    assert logs_in(other, "ben").status_code == 303
    a_conversation(assignee_id=ben.id)

    seen = [each.get("/?list=all_open", headers=POLL) for each in (agent, other)]

    assert [mine(page.text) for page in seen] == ["Mine", "Mine 1"]
    assert seen[0].headers["ETag"] == seen[1].headers["ETag"]
