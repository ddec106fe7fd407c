"""Addresses of clusters, and whom their users trust."""

import pytest

from impls.data.address import trusted


@pytest.mark.parametrize(
    ("address", "who"),
    [
        ("local", "any user of this machine"),
        ("local:2", "any user of this machine"),
        ("tcp://here:8786", "whoever reaches its port"),
        ("tls://here:8786", "whoever has a certificate of it"),
    ],
)
def test_whom_the_user_of_a_cluster_trusts(address, who):
    assert trusted(address) == f"{address}: {who} can run code as you, here and on its workers"
