"""Two-tier cache: in the process first, then shared. `apps.core.cache.registry.get_cache` is the way in."""
