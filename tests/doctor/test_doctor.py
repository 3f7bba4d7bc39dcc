import time
from concurrent.futures import Future
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn

import pytest

from moca import clock
from moca.core.accounts import WrongEncryptionKey
from moca.core.messages.accounts import MarkTokenDead
from moca.core.messages.inbound import SIGNED_BY_NOBODY
from moca.core.messages.uploads import AddUpload
from moca.doctor.finding import Finding
from moca.instagram.account_check import AccountCheck
from moca.instagram.sandbox.account_problems import AccountProblem
from moca.storage.queries.accounts import last_webhook_at, read_signature_checks
from moca.uploads.folder import UploadFolder
from tests.doctor.conftest import ACCOUNT, CheckedMoca
from tests.support.databases import run_sql
from tests.support.files import stored_in


def to_do(lines: tuple[Finding, ...]) -> dict[str, str]:
    """Return the findings that are not fine, by name."""
    return {line.name: line.text for line in lines if not line.is_fine}


def hears(checked: CheckedMoca) -> None:
    """Write as a contact, and wait until the webhook was answered."""
    checked.instagram.write("28978671838402975", "hello")
    deadline = time.monotonic() + 10
    while not checked.troubles.has(AccountProblem.SILENCE) and time.monotonic() < deadline:
        with checked.database.connection_context():
            if last_webhook_at() or SIGNED_BY_NOBODY in read_signature_checks():
                return
        time.sleep(0.01)


def test_of_a_healthy_moca_every_line_is_fine(
    checked: CheckedMoca, moca_url: str, graph: str
) -> None:
    checked.connect(now=clock.now())
    hears(checked)
    lines = checked.run_checks(moca_url, graph)
    assert to_do(lines) == {}
    assert [line.name for line in lines] == [
        "settings",
        "replies",
        "database",
        "file access",
        "public URL",
        "challenge",
        "disk",
        "token key",
        "clock",
        f"token {ACCOUNT}",
        f"token age {ACCOUNT}",
        f"id {ACCOUNT}",
        f"scopes {ACCOUNT}",
        f"fields {ACCOUNT}",
        f"message access {ACCOUNT}",
        "signature",
        "last webhook",
    ]
    text = {line.name: line.text for line in lines}
    assert text["signature"] == "webhooks are signed with number 2 of your 2 secrets"


@pytest.mark.parametrize(
    ("trouble", "name", "said"),
    [
        (AccountProblem.CLOCK, "clock", "s ahead of Instagram's: turn on NTP"),
        (AccountProblem.SECRET, "signature", "put Meta's other one"),
        (AccountProblem.SILENCE, "last webhook", "none received yet: publish the app"),
        (AccountProblem.TOKEN, f"token {ACCOUNT}", "connect the account again"),
        (AccountProblem.SCOPES, f"scopes {ACCOUNT}", "a permission is missing: connect"),
        (AccountProblem.FIELDS, f"fields {ACCOUNT}", "messages not subscribed"),
        (AccountProblem.IDENTITY, f"id {ACCOUNT}", "belongs to 17841400000009999"),
        (AccountProblem.MESSAGE_ACCESS, f"message access {ACCOUNT}", "Allow access to messages"),
    ],
)
def test_the_doctor_names_each_trouble_of_the_sandbox(
    checked: CheckedMoca, moca_url: str, graph: str, trouble: AccountProblem, name: str, said: str
) -> None:
    checked.troubles.become([trouble])
    hears(checked)
    found = to_do(checked.run_checks(moca_url, graph))
    assert list(found) == [name]
    assert said in found[name]


def test_a_token_that_ends_soon_is_named(checked: CheckedMoca, moca_url: str, graph: str) -> None:
    checked.connect(now=clock.now(), days=5)
    hears(checked)
    found = to_do(checked.run_checks(moca_url, graph))
    assert list(found) == [f"token age {ACCOUNT}"]
    assert "within 7 days" in found[f"token age {ACCOUNT}"]


def test_every_trouble_of_the_sandbox_is_known_to_these_tests() -> None:
    test: Any = test_the_doctor_names_each_trouble_of_the_sandbox
    named = {*test.pytestmark[0].args[1]}
    assert {trouble for trouble, _, _ in named} | {AccountProblem.TOKEN_AGE} == set(AccountProblem)


def test_a_scope_that_the_login_did_not_bring_is_named(
    checked: CheckedMoca, moca_url: str, graph: str
) -> None:
    checked.connect(now=clock.now(), scopes=("instagram_business_basic",))
    hears(checked)
    found = to_do(checked.run_checks(moca_url, graph))
    assert list(found) == [f"scopes {ACCOUNT}"]
    assert "instagram_business_manage_messages" in found[f"scopes {ACCOUNT}"]


@pytest.mark.parametrize("scope", ["instagram_business_basic,instagram_business_manage_messages"])
def test_answering_comments_without_the_permission_is_named(
    checked: CheckedMoca, moca_url: str, graph: str, scope: str
) -> None:
    checked.connect(now=clock.now(), scopes=tuple(scope.split(",")))
    hears(checked)
    found = to_do(checked.run_checks(moca_url, graph, answers_comments=True))
    assert list(found) == [f"scopes {ACCOUNT}"]
    assert "instagram_business_manage_comments not granted" in found[f"scopes {ACCOUNT}"]


def test_a_dead_account_is_named_even_where_instagram_answers(
    checked: CheckedMoca, moca_url: str, graph: str
) -> None:
    checked.connect(now=clock.now())
    checked.tell(MarkTokenDead(ACCOUNT, "the owner removed the app", clock.now()))
    hears(checked)
    assert list(to_do(checked.run_checks(moca_url, graph))) == [f"token age {ACCOUNT}"]


def test_an_account_without_its_id_is_told_which_it_is(
    checked: CheckedMoca, moca_url: str, graph: str
) -> None:
    checked.account_id = ""
    hears(checked)
    assert to_do(checked.run_checks(moca_url, graph)) == {
        "id": f"set instagram.account_id to {ACCOUNT}"
    }


def test_no_account_at_all_is_named(checked: CheckedMoca, moca_url: str, graph: str) -> None:
    checked.has_token = False
    hears(checked)
    found = to_do(checked.run_checks(moca_url, graph))
    assert "open /connect" in found["accounts"]


def test_a_wrong_key_is_named(checked: CheckedMoca, moca_url: str, graph: str) -> None:
    def refuse() -> NoReturn:
        raise WrongEncryptionKey("instagram.token_key is not the key")

    checked.connect(now=clock.now())
    hears(checked)
    found = to_do(checked.run_checks(moca_url, graph, require_key=refuse))
    assert found == {"token key": "instagram.token_key is not the key"}


def test_an_instagram_that_cannot_be_reached_is_named(
    checked: CheckedMoca, moca_url: str, graph: str
) -> None:
    hears(checked)
    found = to_do(checked.run_checks(moca_url, "http://127.0.0.1:9"))
    assert list(found) == ["clock", f"token {ACCOUNT}"]
    assert "cannot connect to Instagram" in found[f"token {ACCOUNT}"]


def test_an_address_where_nobody_listens_is_named(
    checked: CheckedMoca, moca_url: str, graph: str
) -> None:
    hears(checked)
    found = to_do(checked.run_checks("http://127.0.0.1:9", graph))
    assert list(found) == ["public URL"]
    assert "cannot be reached" in found["public URL"]


def test_an_address_without_tls_is_named_in_live_mode(
    checked: CheckedMoca, moca_url: str, graph: str
) -> None:
    hears(checked)
    found = to_do(checked.run_checks(moca_url, graph, is_live=True))
    assert list(found) == ["public URL"]
    assert "has no TLS" in found["public URL"]


def test_without_an_address_it_is_said_what_to_set(
    checked: CheckedMoca, moca_url: str, graph: str
) -> None:
    hears(checked)
    found = to_do(checked.run_checks("", graph))
    assert list(found) == ["public URL"]
    assert "web.public_url" in found["public URL"]


@pytest.mark.parametrize(("verify_token", "said"), [("another", "the verify token was rejected")])
def test_a_challenge_that_is_refused_is_named(
    checked: CheckedMoca, moca_url: str, graph: str, verify_token: str, said: str
) -> None:
    hears(checked)
    found = to_do(checked.run_checks(moca_url, graph, verify_token=verify_token))
    assert list(found) == ["challenge"]
    assert said in found["challenge"]


def test_an_address_that_leads_elsewhere_is_named(
    checked: CheckedMoca, moca_url: str, graph: str
) -> None:
    hears(checked)
    found = to_do(checked.run_checks(graph, graph))
    assert list(found) == ["challenge"]
    assert "make the proxy forward /api/instagram/webhook to Moca" in found["challenge"]


def test_a_database_that_cannot_be_written_is_named_and_the_rest_is_still_looked_at(
    checked: CheckedMoca, moca_url: str, graph: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hears(checked)
    with checked.database.connection_context():
        run_sql(checked.database, "DROP TABLE webhook")
    found = to_do(checked.run_checks(moca_url, graph))
    assert list(found) == ["database"]


def test_a_database_that_other_users_can_read_is_named(
    checked: CheckedMoca, moca_url: str, graph: str
) -> None:
    hears(checked)
    path = Path(checked.database.database)
    path.chmod(0o640)
    found = to_do(checked.run_checks(moca_url, graph))
    assert list(found) == ["file access"]
    assert f"chmod 600 {path}" in found["file access"]


def test_a_long_silence_is_named(checked: CheckedMoca, moca_url: str, graph: str) -> None:
    hears(checked)
    with checked.database.connection_context():
        week_ago = (clock.now() - timedelta(days=9)).timestamp() * 1e6
        run_sql(checked.database, "UPDATE webhook SET received_at = ?", (int(week_ago),))
    found = to_do(checked.run_checks(moca_url, graph))
    assert list(found) == ["last webhook"]
    assert "none received for 9 days" in found["last webhook"]


def test_what_is_wrong_with_the_replies_is_named(
    checked: CheckedMoca, moca_url: str, graph: str
) -> None:
    checked.connect(now=clock.now())
    hears(checked)
    problems = ("rules.toml: line 3: unknown key", "rules.toml: line 9: no reply")

    found = to_do(checked.run_checks(moca_url, graph, reply_problems=lambda: problems))

    assert found == {"replies": "; ".join(problems)}


def test_instagrams_host_is_not_blamed_for_a_token_that_is_missing(
    checked: CheckedMoca, moca_url: str, graph: str
) -> None:
    checked.connect(now=clock.now())
    hears(checked)
    with closing(AccountCheck(lambda _account_id: None, 5)) as checkup:
        found = to_do(checked.run_checks(moca_url, graph, checkup=checkup))

    assert "clock" not in found
    assert f"token {ACCOUNT}" in found


def test_a_folder_of_attached_files_that_nodes_do_not_share_is_told(
    checked: CheckedMoca, moca_url: str, graph: str, tmp_path: Path
) -> None:
    mine, other = UploadFolder(tmp_path / "mine"), UploadFolder(tmp_path / "other")
    for number, folder in enumerate((mine, mine, other)):
        upload = stored_in(folder, token=f"token-{number}")
        checked.tell(AddUpload(upload, clock.now(), receipt=Future()))

    def found(folder: UploadFolder | None) -> list[tuple[bool, str]]:
        lines = checked.run_checks(moca_url, graph, uploads=folder)
        return [(line.is_fine, line.text) for line in lines if line.name == "attached files"]

    told = "1 of the 3 attached last are not in {}: every node must mount the same folder"
    assert found(mine) == [(False, f"{told.format(mine.path)} (database.uploads_dir)")]
    mine.take_in(other.path)
    assert found(mine) == [(True, "stored where this node finds them")]
    assert found(None) == []
