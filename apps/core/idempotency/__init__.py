"""Writes that may safely be sent twice: what an `Idempotency-Key` header stands for."""
