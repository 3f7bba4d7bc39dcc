"""Nodes of two versions exchange events while one after another is upgraded."""

import json
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from actors.cluster.event_codec import read_event, version_of, written_event
from moca.broker.parcel import Parcel, ParcelKind
from moca.core.messages.cluster import ContactChanged
from moca.core.partition import SENDER
from moca.settings.locations import moca_version
from tests.cluster.stepped import SteppedCluster
from tests.support.factory import ANNA, NOON
from tests.support.frozen_time import frozen_at

EVENT = ContactChanged(ANNA)
OF_LATER_KIND = json.dumps({"version": "9.1", "name": "LaterEvent", "event": {}}).encode()


def test_an_event_names_the_version_that_wrote_it() -> None:
    body = written_event(EVENT)
    assert (version_of(body), read_event(body)) == (moca_version(), EVENT)


def test_fields_that_a_newer_node_adds_are_left_out() -> None:
    told = json.loads(written_event(EVENT))
    told["event"]["later"] = 1
    assert read_event(json.dumps(told).encode()) == EVENT


@pytest.mark.parametrize(
    ("body", "version"),
    [
        (OF_LATER_KIND, "9.1"),
        (b'{"name": "ContactChanged", "event": {}}', None),
        (b"[]", None),
        (b"{", None),
    ],
)
def test_what_only_another_version_knows_is_read_as_none(body: bytes, version: str | None) -> None:
    assert (read_event(body), version_of(body)) == (None, version)


def test_a_node_goes_on_after_an_event_that_only_another_version_knows(tmp_path: Path) -> None:
    with frozen_at(NOON) as frozen, capture_logs() as logs:
        cluster = SteppedCluster(tmp_path, frozen)
        cluster.open("a")
        cluster.advance(20)
        parcel = Parcel(ParcelKind.EVENT, OF_LATER_KIND)
        cluster["a"].place.put(SENDER, parcel, lambda _is_kept: None)
        cluster.advance(2)
        assert cluster.holder(SENDER) == ["a"]
        cluster.close()
    [told] = [each for each in logs if each["event"] == "event_of_another_version"]
    assert (told["seat"], told["version"]) == (SENDER, "9.1")
