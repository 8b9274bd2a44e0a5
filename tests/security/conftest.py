from tests.users.access.test_matrix import rendered_world, world  # noqa: F401 - fixtures
