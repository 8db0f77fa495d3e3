"""How many files, and so sockets, a process may have open."""

import resource


def most_files() -> int:
    """As many as this process, or a child, can allow itself."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[1]


def allow_most_files() -> None:
    """Allow as many as there can be."""
    most = most_files()
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
