from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from freezegun import freeze_time
from freezegun.api import FrozenDateTimeFactory

from tests.support.values import of_kind


@contextmanager
def frozen_at(instant: datetime, *, real_asyncio: bool = False) -> Iterator[FrozenDateTimeFactory]:
    """Freeze the clock at an instant until it is moved; return its handle."""
    with freeze_time(instant, real_asyncio=real_asyncio) as clock:
        yield of_kind(clock, FrozenDateTimeFactory)
