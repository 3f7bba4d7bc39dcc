"""What a browser would send of a bot's form."""

import re
from html.parser import HTMLParser

Fields = dict[str, list[str]]


class PageForm(HTMLParser):
    """The successful controls of the form `bot-form`, by name."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.fields: Fields = {}
        self._is_inside = False
        self._open: str | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {key: value or "" for key, value in attrs}
        if tag == "form":
            self._is_inside = known.get("id") == "bot-form"
        name = known.get("name", "")
        if not (self._is_inside and name):
            return
        match tag:
            case "textarea":
                self._open = name
                self.fields.setdefault(name, []).append("")
            case "input" if known.get("type") != "checkbox" or "checked" in known:
                self.fields.setdefault(name, []).append(known.get("value", ""))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_data(self, data: str) -> None:
        if self._open is not None:
            self.fields[self._open][-1] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._open is not None:
            text = self.fields[self._open][-1]
            self.fields[self._open][-1] = text.removeprefix("\n")
            self._open = None


def fields_of(page: str) -> Fields:
    """Return the values of a bot's form."""
    fields = PageForm(_with_chosen(page)).fields
    return {name: values for name, values in fields.items() if not name.startswith("try_")}


def _with_chosen(page: str) -> str:
    """Turn each choice into a field with what is chosen."""

    def chosen(found: re.Match[str]) -> str:
        options = re.findall(r'<option(?: value="([^"]*)")?( selected)?>([^<]*)', found[2])
        values = [value or text for value, is_chosen, text in options if is_chosen]
        value = values[0] if values else ""
        return f'<input name="{found[1]}" value="{"" if value == "none" else value}">'

    return re.sub(r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', chosen, page, flags=re.DOTALL)
