"""Found by the admin when it starts: the lists and forms that are the admin's own."""

from bridge.staff import lists, organizations, people, reports  # noqa: F401
