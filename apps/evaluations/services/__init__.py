"""Writes and orchestration of evaluations; import the modules."""
