"""Answers given again: caches by type, with owners, tags, statistics, and clearing that every process sees at once."""
