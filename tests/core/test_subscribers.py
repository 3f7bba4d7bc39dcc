import pytest

from moca.core.subscribers import secret_fault, signature_of, url_fault


def test_an_event_is_signed_as_in_the_example_of_standard_webhooks() -> None:
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    event_id, body = "msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}'
    signature = signature_of(secret, event_id, 1614265330, body)
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_c2hvcnQ=", "whsec_not base64"])
def test_a_secret_that_cannot_sign_is_refused(secret: str) -> None:
    assert secret_fault(secret).startswith("must be whsec_")


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "ftp://example.com/",
        "https://user@example.com/",
        "https:///path",
        "https://example.com:99999/",
        "https://example.com/a b",
        "https://example.com\\@evil.example/",
        f"https://example.com/{'x' * 1000}",
    ],
)
def test_only_https_to_a_host_is_called(url: str) -> None:
    assert url_fault(url, allows_private=False)


@pytest.mark.parametrize("url", ["https://example.com", "https://example.com:8443/in?key=1"])
def test_any_port_and_path_may_be_called(url: str) -> None:
    assert url_fault(url, allows_private=False) == ""


def test_plain_http_is_called_only_if_private_addresses_are_allowed() -> None:
    assert url_fault("http://n8n.local:5678/hook", allows_private=True) == ""
