"""Addresses of clusters: workers to be started here, or a scheduler that runs; and whom one trusts."""

import re

from impls import pools
from impls.errors import UserError

_TRUSTED = {
    "local": "any user of this machine",
    "tcp": "whoever reaches its port",
    "tls": "whoever has a certificate of it",
}


class BadCluster(UserError, RuntimeError):
    """The cluster cannot be reached or used; the message names the address, what is wrong, what to do."""


def trusted(address: str) -> str:
    """Say whom the user of a cluster trusts; raises BadCluster if the address is not valid."""
    workers_of(address)
    return f"{address}: {_TRUSTED[address.partition(':')[0]]} can run code as you, here and on its workers"


def workers_of(address: str) -> int | None:
    """Return how many workers to start here, or None for a scheduler's address; raises BadCluster."""
    if local := re.fullmatch(r"local(?::(\d+))?", address):
        try:
            return pools.check(int(local[1] or pools.available()))
        except ValueError as error:
            raise BadCluster(f"cluster: {address!r}: {error}") from None
    if not re.fullmatch(r"(tcp|tls)://[^/]+:\d+", address):
        needed = "local, local:N, tcp://HOST:PORT or tls://HOST:PORT"
        raise BadCluster(f"cluster: {address!r}, but {needed} is needed")
    return None
