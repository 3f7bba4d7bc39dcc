"""Contacts' profiles: what is stored, and whose are still to be read."""

from datetime import timedelta

from moca.core.contact_profile import ContactProfile
from moca.core.messages.conversation import RecordContactProfile, RecordProfileUnread
from moca.core.types import ContactKey
from moca.storage.queries.contacts import find_contact, list_unnamed
from tests.storage.desk import Desk, contact
from tests.support.factory import ANNA, BEN, at
from tests.support.values import present

PROFILE = ContactProfile(
    name="Anna",
    username="anna.l",
    picture_url="https://scontent.cdninstagram.com/a.jpg",
    follower_count=12,
    follows_account=True,
)


def unnamed(seconds: float) -> tuple[ContactKey, ...]:
    return list_unnamed(at(seconds), limit=9)


def test_a_profile_is_due_until_it_was_read(desk: Desk) -> None:
    desk.receive("m1")
    assert [unnamed(each) for each in (9, 10)] == [(), (ANNA,)]

    desk.do(RecordContactProfile(ANNA, PROFILE))

    assert unnamed(9999) == ()
    found = present(find_contact(*reversed(ANNA)))
    stored = (found.name, found.username, found.picture_url, found.follower_count)
    assert stored == (PROFILE.name, PROFILE.username, PROFILE.picture_url, PROFILE.follower_count)
    assert found.follows_account is True


def test_a_handle_stands_for_a_name_that_instagram_does_not_give(desk: Desk) -> None:
    desk.receive("m1")
    desk.do(RecordContactProfile(ANNA, ContactProfile(username="anna.l")))

    assert (contact().name, contact().username) == ("anna.l", "anna.l")


def test_a_profile_that_could_not_be_read_is_due_again_later(desk: Desk) -> None:
    desk.receive("m1")
    desk.do(RecordProfileUnread(ANNA, at(10)))
    assert [unnamed(each) for each in (69, 70)] == [(), (ANNA,)]

    for _ in range(9):
        desk.do(RecordProfileUnread(ANNA, at(70)))
    assert contact().profile_due_at is None


def test_those_who_became_due_last_are_read_first(desk: Desk) -> None:
    desk.receive("m1")
    desk.receive("m2", seconds=1, contact=BEN)

    assert unnamed(99) == (BEN, ANNA)
    assert list_unnamed(at(99), limit=1) == (BEN,)


def test_a_read_that_fails_changes_nothing_once_the_profile_is_known(desk: Desk) -> None:
    desk.receive("m1")
    desk.do(RecordContactProfile(ANNA, PROFILE), RecordProfileUnread(ANNA, at(20)))

    assert unnamed(timedelta(days=9).total_seconds()) == ()


def test_the_handle_that_came_with_a_comment_is_kept(desk: Desk) -> None:
    desk.receive("c1", kind="comment", username="anna.l\u202e")

    assert (contact().username, contact().name) == ("anna.l", None)
    assert unnamed(10) == (ANNA,)
