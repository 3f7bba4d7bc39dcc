import pytest

from moca.core.types import readable_name


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Ada Lovelace", "Ada Lovelace"),
        ("\u202egnp.exe\u202c", "gnp.exe"),
        ("\u2066Ada\u2069\u200f", "Ada"),
        ("Ada\r\n\tof \u2028 Ockham\x00\x1b[1m", "Ada of Ockham[1m"),
        ("\u05e9\u05dc\u05d5\u05dd", "\u05e9\u05dc\u05d5\u05dd"),
        ("\u0645\u06cc\u200c\u062e", "\u0645\u06cc\u200c\u062e"),
        ("\U0001f469\u200d\U0001f680", "\U0001f469\u200d\U0001f680"),
        ("\u202e", ""),
        ("x" * 1_000, "x" * 200),
    ],
    ids=ascii,
)
def test_a_name_is_one_line_without_hidden_characters(name: str, shown: str) -> None:
    assert readable_name(name) == shown
