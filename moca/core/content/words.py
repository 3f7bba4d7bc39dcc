import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

MAX_CHARACTERS = 2000
"""Of a text that is searched for words: twice what Instagram lets a contact write."""

_WORD = re.compile(r"\w+")
_SCRIPTS_WITHOUT_SPACES = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR")


def fold(text: str) -> str:
    """Give a text's words parted by one space, without case, accents and punctuation.

    What stands after the first `MAX_CHARACTERS` is left out.
    """
    text = text[:MAX_CHARACTERS]
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    bare = "".join(each for each in apart if unicodedata.category(each) != "Mn")
    return " ".join(_WORD.findall(bare))


@dataclass(frozen=True, slots=True)
class Words:
    """Words and phrases to be recognised however a person types them; folded."""

    phrases: frozenset[str] = frozenset()

    @classmethod
    def of(cls, phrases: Iterable[str]) -> "Words":
        """Take phrases as somebody wrote them; one that is nothing but punctuation is none."""
        return cls(frozenset(folded for phrase in phrases if (folded := fold(phrase))))

    def are(self, text: str) -> bool:
        """Tell whether a text is nothing but one of them."""
        if not self.phrases or len(text := text.strip()) > MAX_CHARACTERS:
            return False
        return fold(text) in self.phrases

    def are_in(self, text: str) -> bool:
        """Tell whether a text has one of them in it, as whole words."""
        return self.are_in_folded(fold(text)) if self.phrases else False

    def are_in_folded(self, folded: str) -> bool:
        """Tell the same of a text that is folded already."""
        return any(_is_in(each, folded) for each in self.phrases)


def _is_in(phrase: str, text: str) -> bool:
    if phrase not in text:
        return False
    opens = "" if _is_without_spaces(phrase[0]) else " "
    closes = "" if _is_without_spaces(phrase[-1]) else " "
    return f"{opens}{phrase}{closes}" in f" {text} "


def _is_without_spaces(character: str) -> bool:
    return unicodedata.name(character, "").startswith(_SCRIPTS_WITHOUT_SPACES)
