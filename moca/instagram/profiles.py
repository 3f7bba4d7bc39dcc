from collections.abc import Mapping
from typing import Any

from moca.core.profile import ICE_BREAKERS, MENU, MenuItem, Welcome

_PLATFORM = {"platform": "instagram"}
_LOCALE = {"locale": "default"}


def profile_body(welcome: Welcome) -> Mapping[str, Any]:
    """Write the request that sets ice breakers and menu, for every language the same."""
    body: dict[str, Any] = dict(_PLATFORM)
    if welcome.ice_breakers:
        questions = [
            {"question": each.question, "payload": each.payload} for each in welcome.ice_breakers
        ]
        body[ICE_BREAKERS] = [{"call_to_actions": questions, **_LOCALE}]
    if welcome.menu:
        entries = [_entry(each) for each in welcome.menu]
        body[MENU] = [{**_LOCALE, "call_to_actions": entries}]
    return body


def clearing_body(names: tuple[str, ...]) -> Mapping[str, Any]:
    """Write the request that takes parts of a profile away."""
    return {**_PLATFORM, "fields": list(names)}


def _entry(item: MenuItem) -> Mapping[str, str]:
    if item.url is not None:
        return {"type": "web_url", "title": item.title, "url": item.url}
    return {"type": "postback", "title": item.title, "payload": item.payload or ""}
