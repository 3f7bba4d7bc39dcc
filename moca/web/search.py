from moca import clock
from moca.core.search_query import SearchQuery, read_search
from moca.storage.queries.search import SearchReader, SearchResults, key_parts, search
from moca.web.auth.current_user import author_id, author_name, current_scope
from moca.web.forms import zone_field
from moca.web.pagination import read_cursor


def search_for_user(
    text: str, cursor: str | None, *, limit: int
) -> tuple[SearchQuery, SearchResults]:
    """Search as the current user, whose time zone the request names; needs the database.

    Raises:
        InvalidSearch: an operator's value has no meaning.
        Problem: 422 if the cursor or the zone is invalid.
    """
    query = read_search(text)
    after = read_cursor(cursor, parts=key_parts(query))
    reader = SearchReader(
        at=clock.now(),
        zone=zone_field(),
        operator_id=author_id(),
        name=author_name(),
        scope=current_scope(),
    )
    return query, search(query, reader, limit=limit, after=after)
