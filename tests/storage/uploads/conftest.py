from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import peewee
import pytest

from moca.core.messages.housekeeping import ApplyRetention
from moca.storage.uploads.retention import UploadRetention
from moca.uploads.folder import UploadFolder
from tests.storage.desk import POLICY, Desk
from tests.support.factory import at


@pytest.fixture
def folder(tmp_path: Path) -> UploadFolder:
    return UploadFolder(tmp_path / "uploads")


@pytest.fixture
def desk(database: peewee.Database, folder: UploadFolder) -> Desk:
    kept = UploadRetention(folder, timedelta(days=30))
    desk = Desk(database, replace(POLICY, uploads=kept))
    desk.receive("m1")
    return desk


def tidy(desk: Desk, seconds: float) -> tuple[object, ...]:
    return desk.do(ApplyRetention(at(seconds), None, 100))
