"""How often somebody may ask: so many requests a minute for each key, person and address, and budgets of keys.

Counted in Valkey by one script, so in one trip a request; while Valkey is away, by each process for itself.
"""
