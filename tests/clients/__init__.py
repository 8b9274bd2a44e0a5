"""Clients of OpenAI's protocol as people use them, unchanged, each doing the same against any address that speaks it.

A part (`chat`, `stream`, `tools`, ...) is a function of a `Target` that gives plain values, the same for each client;
`checks.py` says what they are to be. What a client cannot do it does not have.
"""
