"""Notes mention operators by name, who find the conversation until they have opened it."""

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from moca.core.messages.operators import AddNote, MarkMentionsSeen
from moca.storage.db.operator_tables import Mention, Note, Operator
from moca.storage.db.tables import Conversation
from tests.web.auth.test_login import an_operator, operator
from tests.web.conftest import Backend
from tests.web.forms import sends
from tests.web.rows import AT, a_contact, a_conversation

__all__ = ["operator"]

HERE = "/conversations/1"
POLL = {"X-Moca-Live": "1"}
NAME = "who answers"


def a_note(
    conversation: Conversation, text: str, *mentioned: Operator, author: str = "ben"
) -> Note:
    note = Note.create(conversation=conversation, author=author, text=text, created_at=AT)
    for each in mentioned:
        Mention.create(note=note, operator=each, conversation=conversation)
    return note


def me() -> Operator:
    return Operator.get(Operator.name == NAME)


def mentions(page: str) -> str | None:
    """Return what the link to *Mentions* shows, or None without one."""
    found = re.search(r'href="/[?]list=mentions"[^>]*>(.*?)</a>', page)
    return found and re.sub("<[^>]+>", "", found[1])


def alerts(page: str) -> tuple[list[str], list[tuple[str, str, str]]]:
    """Return the counts, and what mentions the user: address, contact, author."""
    pattern = r'class="mentioned" value="(.*?)" data-name="(.*?)" data-since=".*?" data-by="(.*?)"'
    return re.findall(r'class="count" value="(\d+)"', page), re.findall(pattern, page)


def test_a_note_says_who_wrote_it(operator: Callable[[str], FlaskClient], backend: Backend) -> None:
    agent = operator("answers")
    a_conversation()

    sends(agent, f"{HERE}/notes", token_from=HERE, note="@ben, look")

    assert backend.commands == [AddNote(1, NAME, "@ben, look", AT, me().id)]


def test_a_mention_is_marked_and_text_of_others_stays_text(
    operator: Callable[[str], FlaskClient],
) -> None:
    agent = operator("answers")
    note = f"@BEN and @{NAME}, see https://moca.example/@ben <b> @cleo"
    a_note(a_conversation(), note, an_operator("ben"), me())

    page = agent.get(HERE).text

    assert '<bdi class="mention">@BEN</bdi> and ' in page
    assert f'<bdi class="mention" data-own>@{NAME}</bdi>, see <a href="https://moca' in page
    assert "&lt;b&gt; @cleo" in page
    assert page.count('class="mention"') == 2


def test_the_mentioned_operator_finds_the_conversation_until_it_is_opened(
    operator: Callable[[str], FlaskClient], backend: Backend
) -> None:
    agent = operator("answers")
    conversation = a_conversation(a_contact(name="Ada"))
    a_note(conversation, f"@{NAME}", me())

    for path in ("/?list=mentions", "/?list=all_open"):
        assert mentions(agent.get(path, headers=POLL).text) == "Mentions 1"
    assert agent.get("/?list=mentions", headers=POLL).text.count('class="row"') == 1
    assert alerts(agent.get("/needs-reply", headers=POLL).text) == (
        ["0", "1"],
        [(HERE, "Ada", "ben")],
    )
    backend.commands.clear()

    agent.get(HERE, headers=POLL)
    assert backend.commands == []
    agent.get(HERE)
    assert backend.commands == [MarkMentionsSeen(1, me().id, AT)]
    assert backend.audited == []


def test_a_mention_that_was_seen_is_not_marked_again(
    operator: Callable[[str], FlaskClient], backend: Backend
) -> None:
    agent = operator("answers")
    a_note(a_conversation(), f"@{NAME}", me())
    Mention.update(seen_at=AT).execute()

    agent.get(HERE)

    assert (backend.commands, mentions(agent.get("/").text)) == ([], "Mentions")
    assert "No new mentions." in agent.get("/?list=mentions").text


def test_others_neither_see_it_nor_end_it(
    operator: Callable[[str], FlaskClient],
    browser_session: FlaskClient,
    client: FlaskClient,
    backend: Backend,
) -> None:
    viewer = operator("reads")
    a_note(a_conversation(), "@ben", an_operator("ben"))

    for each in (viewer, browser_session, client):
        each.get(HERE)
        assert alerts(each.get("/needs-reply", headers=POLL).text)[1] == []
        assert each.get("/?list=mentions", headers=POLL).text.count('class="row"') == 0
    assert backend.commands == []
    assert [mentions(each.get("/").text) for each in (viewer, browser_session)] == [
        "Mentions",
        None,
    ]


def test_a_viewer_who_is_mentioned_finds_it_too(
    operator: Callable[[str], FlaskClient], backend: Backend
) -> None:
    viewer = operator("reads")
    known = Operator.get(Operator.name == "who reads")
    a_note(a_conversation(), "@who reads", known)

    assert mentions(viewer.get("/").text) == "Mentions 1"
    viewer.get(HERE)
    assert backend.commands == [MarkMentionsSeen(1, known.id, AT)]


def test_names_to_choose_from_are_those_of_others(operator: Callable[[str], FlaskClient]) -> None:
    agent = operator("answers")
    a_conversation()
    assert 'id="mentions"' not in agent.get(HERE).text

    an_operator('"><script>')
    shown = agent.get(HERE).text
    names = re.findall(r'id="mention-\d+" dir="auto">(.*?)</li>', shown)
    assert names == ["&#34;&gt;&lt;script&gt;"]


@pytest.mark.parametrize("author", ['"><script>', "link", "token"])
def test_the_authors_name_cannot_leave_its_attribute(
    operator: Callable[[str], FlaskClient], author: str
) -> None:
    agent = operator("answers")
    a_note(a_conversation(), f"@{NAME}", me(), author=author)

    page = agent.get("/needs-reply", headers=POLL).text

    assert "<script>" not in page
    assert len(alerts(page)[1]) == 1
