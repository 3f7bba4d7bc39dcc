"""Line numbers in a TOML text, which TOML parsers do not provide."""

import re
from collections.abc import Mapping

Path = tuple[str | int, ...]

_TOKEN = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'"
    r"|#[^\n]*"
    r"|[\[\]{}=,\n]"
    r"|[^\[\]{}=,\n\"'#]+",
    re.DOTALL,
)


def lines_of(text: str) -> Mapping[Path, int]:
    """Return the line, counted from 1, of every table, key and array element.

    Args:
        text: Valid TOML. The contents of an element count as the element's line.
    """
    scan = _Scan()
    for piece in _TOKEN.findall(text + "\n"):
        scan.take(piece)
    return scan.lines


def line_of(lines: Mapping[Path, int], path: Path) -> int | None:
    """Return the line of a path or of its nearest parent; None if there is none."""
    for end in range(len(path), 0, -1):
        if path[:end] in lines:
            return lines[path[:end]]
    return None


class _Scan:
    def __init__(self) -> None:
        self.lines: dict[Path, int] = {}
        self._counts: dict[Path, int] = {}
        self._line = 1
        self._table: Path = ()
        self._head = ""
        self._key: Path | None = None
        self._depth = 0
        self._is_array = False
        self._element = 0
        self._awaits_element = False

    def take(self, piece: str) -> None:
        if not piece.startswith("#"):
            if self._key is None:
                self._take_of_head(piece)
            else:
                self._take_of_value(piece)
        self._line += piece.count("\n")

    def _take_of_head(self, piece: str) -> None:
        if piece == "=":
            self._key = self._table + _parts(self._head)
            self._note(self._key)
            self._depth = self._element = 0
            self._is_array = self._awaits_element = False
        elif piece != "\n":
            self._head += piece
        elif self._head.strip():
            self._open_table(self._head.strip())
            self._head = ""

    def _open_table(self, header: str) -> None:
        *around, last = _parts(header.strip("[] \t"))
        path: Path = ()
        for part in around:
            path = self._within((*path, part))
        path = (*path, last)
        if header.startswith("[["):
            self._counts[path] = self._counts.get(path, -1) + 1
            self._note(path)
            path = self._within(path)
        self._table = path
        self._note(path)

    def _note(self, path: Path) -> None:
        # A dotted name also begins the tables that contain it.
        for end in range(1, len(path) + 1):
            self.lines.setdefault(path[:end], self._line)

    def _within(self, path: Path) -> Path:
        return (*path, self._counts[path]) if path in self._counts else path

    def _take_of_value(self, piece: str) -> None:
        if piece == "\n" and self._depth == 0:
            self._key, self._head = None, ""
            return
        self._note_element(piece)
        if piece in "[{":
            self._depth += 1
            if self._depth == 1:
                self._is_array = self._awaits_element = piece == "["
        elif piece in "]}":
            self._depth -= 1
        elif piece == "," and self._depth == 1 and self._is_array:
            self._element += 1
            self._awaits_element = True

    def _note_element(self, piece: str) -> None:
        if self._awaits_element and piece.strip() and piece not in ",]":
            self.lines[*(self._key or ()), self._element] = self._line
            self._awaits_element = False


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))
