from tests.users.access.test_matrix import world  # noqa: F401 - a fixture
