import unicodedata
from urllib.parse import quote, urlsplit

from moca.core.content.splitting import graphemes

_META_HOSTS = ("cdninstagram.com", "fbcdn.net", "fbsbx.com")
MEDIA_SOURCES = " ".join(f"https://*.{host}" for host in _META_HOSTS)
"""For the Content Security Policy: the hosts from which Meta serves pictures, videos and sounds."""


def from_meta(url: str | None) -> str:
    """Return the URL if a page may show what it leads to, else an empty text."""
    if url is None:
        return ""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return ""
    is_metas = any(host.endswith(f".{each}") for each in _META_HOSTS)
    return url if parts.scheme == "https" and is_metas else ""


def initials(name: str) -> str:
    """Return the first letters of the first and last word of a name, or its first character."""
    # Names in styled letters, which fonts often lack, are shown in plain ones.
    words = unicodedata.normalize("NFKC", name).split()
    letters = [letter for word in words if (letter := _first_letter(word))]
    ends = letters if len(letters) < len("AZ") else [letters[0], letters[-1]]
    return "".join(ends) or next(graphemes(name.strip()), "")


def _first_letter(word: str) -> str:
    # A capital as at the start of a sentence: Georgian has others that are never used there.
    return next((each.title()[0] for each in word if each.isalnum()), "")


def profile_url(username: str) -> str:
    """Return the address of a contact's profile on Instagram."""
    return f"https://www.instagram.com/{quote(username, safe='')}/"
