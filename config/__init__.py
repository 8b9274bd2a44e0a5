"""The project's configuration."""

import os

# A search multiplies one vector: threads of its own would only wait for each other, and each holds memory.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
