"""OpenAI's API on the ASGI process, in front of Django: keys, limits, bodies, streams, and the models behind it."""
