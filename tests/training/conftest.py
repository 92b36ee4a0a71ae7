"""What the tests of training share."""

import pytest


@pytest.fixture
def network():
    """A small line network, as if it were trained."""
    from network_fakes import small_network

    return small_network()
