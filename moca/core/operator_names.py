from unicodedata import normalize

RESERVED_NAMES = frozenset({"api", "link", "system", "token"})
"""What the audit log calls those who are no operators."""


def fold_name(name: str) -> str:
    """Return the form in which two names are the same; for comparing, never to be shown."""
    return normalize("NFKC", normalize("NFKC", name).casefold())


def is_reserved(name: str) -> bool:
    """Return whether no operator may have this name."""
    return fold_name(name).strip() in RESERVED_NAMES
