import resource

import pytest

from actors.cli.process import connections_within


@pytest.mark.parametrize(
    ("open_files", "connections"),
    [
        (256, 128),
        (1_024, 512),
        (2_048, 1_024),
        (4_096, 3_072),
        (5_120, 4_096),
        (1_048_576, 4_096),
        (resource.RLIM_INFINITY, 4_096),
    ],
)
def test_clients_leave_files_for_the_rest(open_files: int, connections: int) -> None:
    assert connections_within(open_files) == connections
