"""A document's common settings are filled in as a form; all else stays as it is."""

from collections.abc import Mapping

from moca.bots.document import read_document
from moca.bots.form import fill_in, form_of
from moca.core.bots.forms import FieldKind

SHOP = """language = "en"

[replies]
generator = "rules, fixed"
timeout_seconds = 20

[business_hours]
enabled = true
monday = [
  "09:00-12:00",
  "13:00-17:00",
]

[profile]
menu = [
  { title = "Prices", payload = "PRICES" },
]

[[rule]]
name = "price"  # in euros
keywords = ["price"]
answers = "20 €"
"""


def values_of(document: str) -> Mapping[str, str]:
    return {
        field.path: field.value
        for field in form_of(document).fields
        if field.kind is not FieldKind.BOX or field.value
    }


def test_a_form_shows_what_a_document_says_and_mocas_defaults() -> None:
    values = values_of(SHOP)
    assert values["replies.generator"] == "rules, fixed"
    assert values["business_hours.monday"] == "09:00-12:00\n13:00-17:00"
    assert values["business_hours.tuesday"] == "09:00-17:00"
    assert (values["conversation.debounce_seconds"], values["business_hours.enabled"]) == ("5", "1")
    assert values["rule"] == SHOP[SHOP.index("[[rule]]") :]


def test_a_form_that_is_sent_as_it_was_shown_changes_nothing() -> None:
    assert fill_in(SHOP, values_of(SHOP)) == SHOP
    assert fill_in("", values_of("")) == ""


def test_only_what_was_changed_is_written() -> None:
    values = {
        **values_of(SHOP),
        "conversation.debounce_seconds": "2.5",
        "business_hours.monday": "10:00-12:00\n13:00-14:00, 15:00-16:00",
        "manners.escalation_words": "human, real person",
        "rule": "",
    }
    del values["business_hours.enabled"]

    written = fill_in(SHOP, values)
    document = read_document(written)
    assert document.sections.conversation.debounce_seconds == 2.5
    assert document.sections.business_hours.monday == (
        "10:00-12:00",
        "13:00-14:00",
        "15:00-16:00",
    )
    assert not document.sections.business_hours.enabled
    assert document.sections.manners.escalation_words == ("human", "real person")
    assert document.sections.replies.timeout_seconds == 20
    assert document.sections.profile.menu[0].title == "Prices"
    assert document.rules.rules == ()
    assert "cooldown" not in written


def test_what_is_no_number_is_kept_for_its_fault() -> None:
    assert 'debounce_seconds = "soon"' in fill_in("", {"conversation.debounce_seconds": "soon"})
