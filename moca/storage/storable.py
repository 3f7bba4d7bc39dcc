def storable(text: str) -> str:
    """Replace what a database refuses: NUL and halves of surrogate pairs."""
    if text.isascii() and "\0" not in text:
        return text
    return text.encode(errors="replace").decode().replace("\0", "\ufffd")


def short(text: str, length: int = 255) -> str:
    """Make a text fit a column of this width."""
    return storable(text)[:length]
