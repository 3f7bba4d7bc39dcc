from concurrent.futures import Future
from dataclasses import replace

import pytest

from moca.storage.writer import Writer, WriterPolicy


@pytest.fixture(autouse=True)
def written(house, database):
    """Commands are carried out as by the persistence actor."""
    writer = Writer(database, WriterPolicy())

    def carry_out(command):
        ((_, answer),) = writer.apply([replace(command, receipt=Future())]).answers
        return answer

    house.answer = carry_out
