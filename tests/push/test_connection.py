import pytest

from moca.push.connection import NotPublic, connect_public, resolve


def test_the_connection_goes_to_the_address_that_was_checked_under_the_hosts_name() -> None:
    pool = connect_public("push.example.com", 5, lambda _host: ["8.8.8.8", "2001:4860:4860::8888"])

    assert (pool.host, pool.port) == ("8.8.8.8", 443)
    checked = vars(pool._new_conn())
    assert (checked["server_hostname"], checked["assert_hostname"]) == ("push.example.com",) * 2
    pool.close()


@pytest.mark.parametrize("addresses", [[], ["127.0.0.1"], ["8.8.8.8", "10.0.0.1"], ["::1"]])
def test_a_name_that_stands_for_a_private_address_is_refused(addresses: list[str]) -> None:
    with pytest.raises(NotPublic):
        connect_public("push.example.com", 5, lambda _host: addresses)


def test_this_machine_is_not_public() -> None:
    assert set(resolve("localhost")) <= {"127.0.0.1", "::1"}
    with pytest.raises(NotPublic):
        connect_public("localhost", 5)
