import resource

_MAX_CONNECTIONS = 4096
_OTHER_FILES = 1024
"""Those of the databases, of calls to Instagram and of logs."""


def allow_connections() -> int:
    """Raise the soft limit of open files as far as is needed.

    Returns:
        How many clients may be connected at a time.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MAX_CONNECTIONS + _OTHER_FILES
    if _is_below(soft, wanted):
        soft = hard if _is_below(hard, wanted) else wanted
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return connections_within(soft)


def connections_within(open_files: int) -> int:
    """Return how many clients may be connected to a process that may open so many files."""
    if not _is_below(open_files, _MAX_CONNECTIONS + _OTHER_FILES):
        return _MAX_CONNECTIONS
    return max(open_files // 2, open_files - _OTHER_FILES)


def _is_below(limit: int, wanted: int) -> bool:
    return limit != resource.RLIM_INFINITY and limit < wanted
