"""Texts lose what tells who wrote them, and keep what a rule looks for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moca.core.content.pseudonyms import Pseudonyms

ADA = Pseudonyms("Ada Byron", "ada.byron")


@pytest.mark.parametrize(
    ("text", "replaced"),
    [
        ("Hi, Ada here", "Hi, Kim here"),
        ("ADA BYRON, the price?", "Kim Example, the price?"),
        ("Mrs Byron's order", "Mrs Example's order"),
        ("Adam wrote", "Adam wrote"),
        ("I am ada.byron on Instagram", "I am example on Instagram"),
        ("with @grace_h and @ada.byron.", "with @example and @example."),
        ("my name is Grace Hopper", "my name is Kim Example"),
        ("Ich heiße Grace, Grüße", "Ich heiße Kim Example, Grüße"),
        ("write to ada@example.org", "write to mail@example.com"),
        ("see www.ada.example/me?x=1", "see https://example.com"),
        ("call +49 (151) 234-5678", "call +55 (555) 555-5555"),
        ("order 4711-A for 20 € at 10:30", "order 5555-A for 20 € at 10:30"),
        ("IBAN DE89 3704 0044 0532 0130 00", "IBAN EX55 5555 5555 5555"),
        ("Lindenstraße 12a, 10115 Berlin", "5 Example Street, 55555 Exampleton"),
        ("Unter den Linden 5", "5 Example Street"),
        ("12 Old Oak Road, Springfield, IL 62704", "5 Example Street, 55555 Exampleton"),
        ("221B Baker Street, NW1 6XE", "5 Example Street, EX5 5EX"),
        ("2 shirts in size 42, please", "2 shirts in size 42, please"),
        ("I am looking for a scarf", "I am looking for a scarf"),
    ],
)
def test_names_handles_numbers_and_addresses_are_replaced(text: str, replaced: str) -> None:
    assert ADA.replace_in(text) == replaced


def test_the_bots_own_text_loses_just_the_contacts_name() -> None:
    text = "Hi Ada! 1200 € at shop@moca.example."
    assert ADA.without_names(text) == "Hi Kim! 1200 € at shop@moca.example."


@given(st.text(max_size=200), st.text(max_size=30), st.text(max_size=30))
def test_no_text_and_no_name_are_too_odd(text: str, name: str, username: str) -> None:
    replaced = Pseudonyms(name, username).replace_in(text)
    assert not any(len(run) > 2 and set(run) - set("5") for run in digits_in(replaced))


def digits_in(text: str) -> list[str]:
    """Return the runs of ASCII digits."""
    kept = "".join(each if each.isascii() and each.isdigit() else " " for each in text)
    return kept.split()
