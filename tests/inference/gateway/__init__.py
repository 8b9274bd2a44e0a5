WRITE = "/tests/write"
"""Where a gateway of the tests is told to write its calls down."""
LEARN = "/tests/learn"
"""Where it is told to read anew what is curated."""
