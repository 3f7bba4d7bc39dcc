import json
import re
from collections.abc import Callable


def mentions(*names: str) -> Callable[[bytes], bool]:
    """Make a test whether a JSON body names all of these ids, as text or as numbers.

    An id is found whole only: "1" is not found in "17", nor as some other number.
    """
    patterns = [re.compile(_pattern(name)) for name in names]
    return lambda body: all(pattern.search(body) for pattern in patterns)


def _pattern(name: str) -> bytes:
    spellings = {json.dumps(name), json.dumps(name, ensure_ascii=False)}
    found = [re.escape(each.encode("utf-8", "surrogatepass")) for each in sorted(spellings)]
    if name.isascii() and name.isdigit():
        found.append(rb'"id"\s*:\s*' + name.encode() + rb"(?![0-9])")
    return b"|".join(found)
