"""The first page: what changed, what needs a decision, and how everything is, in tiles that apps fill."""
