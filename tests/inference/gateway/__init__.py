WRITE = "/tests/write"
"""Where a gateway of the tests is told to write its calls down."""
