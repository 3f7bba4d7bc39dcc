from collections.abc import Callable, Mapping

from moca.replies.generator import ReplyGenerator
from moca.replies.mock import MOCK_TEXT, MockGenerator

_MAKERS: Mapping[str, Callable[[str], ReplyGenerator]] = {"mock": MockGenerator}


class UnknownGenerator(LookupError):  # noqa: N818
    """Raised where the settings name a generator that there is not."""


def generator_names() -> tuple[str, ...]:
    """Name every generator that `make_generator` can make."""
    return tuple(_MAKERS)


def make_generator(name: str, mock_text: str = MOCK_TEXT) -> ReplyGenerator:
    """Make the generator of that name.

    Raises:
        UnknownGenerator: there is none; the text names those that there are.
    """
    try:
        maker = _MAKERS[name]
    except KeyError:
        known = ", ".join(generator_names())
        raise UnknownGenerator(
            f"no reply generator is called {name!r}; there is: {known}"
        ) from None
    return maker(mock_text)
