from typing import Annotated

from pydantic import Field, StringConstraints

from moca.core.search_query import LISTS
from moca.web.schemas.requests import ListQuery, Words
from moca.web.schemas.responses import ConversationShape, MessageShape, ResponseModel

MAX_SEARCH_LENGTH = 200


class SearchParameters(ListQuery):
    """What to search for."""

    q: Annotated[Words, StringConstraints(min_length=1, max_length=MAX_SEARCH_LENGTH)] = Field(
        description="Words, all of which must occur, the last perhaps as a beginning; and "
        'operators: from:name, from:me, from:bot, from:team, label:"a name", after:2026-01-31, '
        f"before:2026-02-28, is:{', is:'.join(LISTS)}."
    )
    zone: Annotated[str, StringConstraints(max_length=64)] | None = Field(
        None, description="Time zone of after: and before:, such as Europe/Berlin; UTC by default."
    )


class SearchShape(ResponseModel):
    """The results of a search."""

    conversations: tuple[ConversationShape, ...] = Field(
        description="Conversations of the contacts found, on the first page; all that match, if "
        "only label: and is: were asked for."
    )
    messages: tuple[MessageShape, ...] = Field(
        description="Newest first. A page without messages may still have a next one."
    )
    next_cursor: str | None = Field(description="Null on the last page.")
    indexed_percent: int = Field(
        description="How much of the messages can be found so far; below 100 after an upgrade."
    )
