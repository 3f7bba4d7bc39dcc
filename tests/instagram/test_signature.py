import pytest

from moca.instagram.signature import name_of, sign, signer

BODY = (
    rb'{"object":"instagram","entry":[{"id":"17841400000000001","time":1764000000500,"messaging":'
    rb'[{"sender":{"id":"28978671838402975"},"recipient":{"id":"17841400000000001"},"timestamp":'
    rb'1764000000123,"message":{"mid":"aWdfTEST1","text":"caf\u00e9 \ud83d\ude00"}}]}]}'
)
SIGNATURE = "sha256=738f37bbfa478f143cc7389808129afe9e0db5059a9eab5a5e6fa7467f216017"


def test_the_known_body_gets_the_known_signature() -> None:
    assert sign(BODY, "test-app-secret") == SIGNATURE


@pytest.mark.parametrize("secrets", [["test-app-secret"], ["old", "test-app-secret"]])
def test_any_of_the_secrets_will_do(secrets: list[str]) -> None:
    assert signer(BODY, SIGNATURE, secrets) == "test-app-secret"


def test_the_decoded_form_of_the_same_body_is_not_signed() -> None:
    decoded = BODY.decode("unicode_escape").encode("utf-16", "surrogatepass").decode("utf-16")
    assert signer(decoded.encode(), SIGNATURE, ["test-app-secret"]) is None


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "sha256=",
        SIGNATURE.removeprefix("sha256="),
        SIGNATURE.replace("sha256", "sha1"),
        SIGNATURE[:-1] + "8",
        SIGNATURE + "0",
        "sha256=é",
        "\udcff",
    ],
)
def test_any_other_header_is_refused(header: str | None) -> None:
    assert signer(BODY, header, ["test-app-secret"]) is None


def test_without_a_secret_nothing_is_signed() -> None:
    assert signer(BODY, sign(BODY, ""), ["", ""]) is None
    assert signer(BODY, SIGNATURE, []) is None


def test_the_secret_that_signed_is_told_and_its_name_tells_nothing_of_it() -> None:
    secrets = ["another", "test-app-secret"]
    assert signer(BODY, SIGNATURE, secrets) == "test-app-secret"
    assert signer(BODY, SIGNATURE, ["another"]) is None
    assert name_of("test-app-secret") != name_of("another")
    assert "secret" not in name_of("test-app-secret")
