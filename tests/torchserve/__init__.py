"""A real TorchServe with a tiny model of intents, for tests that are run with `make test-torchserve`.

`environment.py` makes its virtual environment, `training.py` the model, `serving.py` starts and stops the server.
"""
