from collections.abc import Callable, Iterator
from pathlib import Path

import peewee
import pytest
from freezegun.api import FrozenDateTimeFactory

from moca.web.config import WebConfig
from tests.support.databases import open_migrated
from tests.web.account_scope.world import OURS, THEIRS, SharedInbox, Side


@pytest.fixture
def worlds(
    config: WebConfig, tmp_path: Path, frozen: FrozenDateTimeFactory
) -> Iterator[Callable[..., SharedInbox]]:
    """Open worlds in databases of their own, the last of which is in use."""
    opened: list[peewee.Database] = []

    def make(*sides: Side, limits: tuple[Side, ...] = ()) -> SharedInbox:
        if opened:
            opened[-1].close()
        place = tmp_path / str(len(opened))
        place.mkdir()
        opened.append(open_migrated(place))
        return SharedInbox(opened[-1], config, sides, limits)

    yield make
    opened[-1].close()


@pytest.fixture
def world(worlds: Callable[..., SharedInbox]) -> SharedInbox:
    """Both accounts, and callers who are limited to one of them."""
    return worlds(OURS, THEIRS, limits=(OURS,))
