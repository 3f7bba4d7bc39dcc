import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

MAX_CHARACTERS = 2000
"""How much of a text is searched for words: twice Instagram's limit for a contact's message."""

_WORD = re.compile(r"\w+")
_SCRIPTS_WITHOUT_SPACES = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR")


def fold(text: str) -> str:
    """Return a text's words separated by one space, without case, accents and punctuation.

    Text after the first `MAX_CHARACTERS` characters is ignored.
    """
    text = text[:MAX_CHARACTERS]
    if text.isascii():
        return " ".join(_WORD.findall(text.lower()))
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    bare = "".join(each for each in apart if unicodedata.category(each) != "Mn")
    return " ".join(_WORD.findall(bare))


@dataclass(frozen=True, slots=True)
class Words:
    """Words and phrases to be recognised regardless of case, accents and punctuation; folded."""

    phrases: frozenset[str] = frozenset()

    @classmethod
    def of(cls, phrases: Iterable[str]) -> "Words":
        """Fold phrases from the settings. Phrases of nothing but punctuation are dropped."""
        return cls(frozenset(folded for phrase in phrases if (folded := fold(phrase))))

    def are(self, text: str) -> bool:
        """Return whether the text consists of exactly one of the phrases."""
        if not self.phrases or len(text := text.strip()) > MAX_CHARACTERS:
            return False
        return fold(text) in self.phrases

    def are_in(self, text: str) -> bool:
        """Return whether the text contains one of the phrases as whole words."""
        return self.are_in_folded(fold(text)) if self.phrases else False

    def are_in_folded(self, folded: str) -> bool:
        """Return whether a folded text contains one of the phrases as whole words."""
        return any(self.found_in_folded(folded))

    def found_in_folded(self, folded: str) -> Iterator[str]:
        """Yield the phrases, folded, that a folded text contains as whole words."""
        return (each for each in self.phrases if _is_in(each, folded))


def _is_in(phrase: str, text: str) -> bool:
    if phrase not in text:
        return False
    opens = "" if is_without_spaces(phrase[0]) else " "
    closes = "" if is_without_spaces(phrase[-1]) else " "
    return f"{opens}{phrase}{closes}" in f" {text} "


def is_without_spaces(character: str) -> bool:
    """Return whether a character belongs to a script that does not put spaces between words."""
    if character.isascii():
        return False
    return unicodedata.name(character, "").startswith(_SCRIPTS_WITHOUT_SPACES)
