import pytest

from moca.core.mention import mentions


@pytest.mark.parametrize(
    ("names", "body", "found"),
    [
        (("17",), b'{"sender":{"id":"17"}}', True),
        (("17",), b'{"sender":{"id":17}}', True),
        (("17",), b'{"sender":{"id": 17 }}', True),
        (("17",), b'{"sender":{"id":"178"}}', False),
        (("17",), b'{"sender":{"id":178}}', False),
        (("17",), b'{"num_edit":17}', False),
        (("17", "9"), b'{"sender":{"id":"17"},"recipient":{"id":"9"}}', True),
        (("17", "9"), b'{"sender":{"id":"17"}}', False),
        (("ann\u00e9",), b'{"id":"ann\\u00e9"}', True),
        (("ann\u00e9",), '{"id":"ann\u00e9"}'.encode(), True),
        (('a"b',), b'{"id":"a\\"b"}', True),
    ],
)
def test_an_id_is_found_whole_only(names: tuple[str, ...], body: bytes, found: bool) -> None:
    assert mentions(*names)(body) is found
