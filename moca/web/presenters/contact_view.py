from urllib.parse import quote, urlsplit

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
    """Return the first letters of the first and last word of a name."""
    words = [word for word in name.split() if word[0].isalnum()]
    ends = words if len(words) < len("AZ") else [words[0], words[-1]]
    return "".join(word[0] for word in ends).upper()


def profile_url(username: str) -> str:
    """Return the address of a contact's profile on Instagram."""
    return f"https://www.instagram.com/{quote(username, safe='')}/"
