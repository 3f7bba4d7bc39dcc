from moca.core.content.content import Content
from moca.storage.content_codec import read_content
from tests.simulation.oracle.ledger import Row


def said(content: Content) -> str:
    """Name what a message says, so that it can be recognised whatever its form."""
    if content.reaction is not None:
        return f"{content.reaction.emoji} on {content.reaction.mid}"
    return content.media.url if content.media is not None else content.text


def said_in(row: Row) -> str:
    """Name what the message of a row says."""
    return said(read_content(row["text"], row["content"]))
