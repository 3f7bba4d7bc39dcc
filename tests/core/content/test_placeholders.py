import pytest

from moca.core.content.placeholders import (
    SAVED_REPLY_PLACEHOLDERS,
    check_placeholders,
    fill_placeholders,
)


@pytest.mark.parametrize(
    ("text", "name", "agent", "filled"),
    [
        ("Hello, {first_name}!", "Ada Lovelace", "", "Hello, Ada!"),
        ("Hello, {name}!", "Ada Lovelace", "", "Hello, Ada Lovelace!"),
        ("Hello, {first_name}!", None, "", "Hello!"),
        ("Hello {first_name|there}!", None, "", "Hello there!"),
        ("Best, {agent}", "Ada", "Ben", "Best, Ben"),
        ("Best wishes, {agent}", "Ada", "", "Best wishes"),
        ("Use {code} today", "Ada", "Ben", "Use {code} today"),
        ("{first_name}", "{agent}", "Ben", "{agent}"),
    ],
)
def test_known_names_are_inserted_and_unknown_ones_left_out(
    text: str, name: str | None, agent: str, filled: str
) -> None:
    assert fill_placeholders(text, name, agent) == filled


def test_an_unknown_placeholder_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"did you mean \{agent\}"):
        check_placeholders("Best, {agnet}", SAVED_REPLY_PLACEHOLDERS)
    with pytest.raises(ValueError, match=r"available: \{name\}, \{first_name\}, \{agent\}"):
        check_placeholders("Use {code}", SAVED_REPLY_PLACEHOLDERS)
    with pytest.raises(ValueError, match=r"available: \{name\}, \{first_name\}$"):
        check_placeholders("Use {code}")
