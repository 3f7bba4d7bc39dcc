import pytest

from moca.core.presence import Presence
from moca.web.presenters.presence import presence_text


@pytest.mark.parametrize(
    ("writing", "looking", "text"),
    [
        ("", "", ""),
        ("A", "", "A is writing"),
        ("", "B", "B is looking"),
        ("AB", "", "A and B are writing"),
        ("A", "BC", "A is writing · B and C are looking"),
        ("ABC", "", "A, B and 1 other are writing"),
        ("", "ABCD", "A, B and 2 others are looking"),
    ],
)
def test_two_are_named_and_the_others_counted(writing: str, looking: str, text: str) -> None:
    assert presence_text(Presence(tuple(writing), tuple(looking))) == text
