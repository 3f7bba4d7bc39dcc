import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import NamedTuple


class _Response(NamedTuple):
    status: int
    headers: dict[str, str]
    body: str


@dataclass
class _Region:
    """A part of a page that the page refreshes by itself."""

    name: str
    address: str
    version: str
    """Of what it shows; empty while it shows nothing."""

    def is_due(self, turn: int) -> bool:
        """Return whether it is refreshed in this turn, as `isDue` in `live.js` does."""
        match self.name:
            case "live":
                return True
            case "waiting":
                return turn % 3 == 0
            case "contact-live":
                return turn % 3 == 1
            case _:
                return turn % 2 == 0


class OpenInbox:
    """A browser that shows a conversation beside the list, and refreshes both as `live.js` does.

    Args:
        port: Of the server.
        turn: The turn with which its refreshes begin: what is refreshed less often is so in another
            turn than in other inboxes.
    """

    def __init__(self, port: int, turn: int) -> None:
        self._port = port
        self._turn = turn
        self._cookie = ""
        self._regions: list[_Region] = []

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[None]:
        """Keep a connection for what is asked inside the block."""
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            yield
        finally:
            self._writer.close()

    async def open(self, path: str, token: str) -> None:
        """Log in by the link, and show the page of a conversation."""
        login = await self._get(f"/?token={token}")
        self._cookie, _, _ = login.headers["set-cookie"].partition(";")
        page = await self._get(path)
        finder = _RegionFinder()
        finder.feed(page.body)
        self._regions = finder.regions

    async def catch_up(self) -> None:
        """Refresh all regions."""
        for region in self._regions:
            await self._refresh(region)

    async def refresh(self) -> list[int]:
        """Refresh the regions that are due in this turn, one after another; return the statuses."""
        due = [region for region in self._regions if region.is_due(self._turn)]
        self._turn += 1
        return [await self._refresh(region) for region in due]

    async def _refresh(self, region: _Region) -> int:
        polling = {"X-Moca-Live": "1", "If-None-Match": f'"{region.version}"'}
        response = await self._get(region.address, **polling)
        region.version = response.headers["etag"].strip('"')
        return response.status

    async def _get(self, path: str, **headers: str) -> _Response:
        sent = {"Host": "localhost", "Accept": "text/html", "Cookie": self._cookie, **headers}
        lines = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
        self._writer.write(f"GET {path} HTTP/1.1\r\n{lines}\r\n".encode())
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode()
        status, *lines_got = head.strip().split("\r\n")
        got = {name.lower(): value for name, value in (each.split(": ", 1) for each in lines_got)}
        body = await self._reader.readexactly(int(got.get("content-length", "0")))
        return _Response(int(status.split()[1]), got, body.decode())


class _RegionFinder(HTMLParser):
    """Finds the regions of a page, in its order."""

    def __init__(self) -> None:
        super().__init__()
        self.regions: list[_Region] = []

    def handle_starttag(self, _tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if "data-live" in given:
            region = _Region(given["id"], given["data-live"], given["data-version"])
            self.regions.append(region)
