"""Background jobs: registered by kind, started by `services`, run by a Celery worker or in place."""
