"""The Celery application: sweeps, imports and upkeep run here."""

import os
from typing import Any

from celery import Celery
from celery.signals import beat_init, setup_logging, worker_process_init, worker_ready
from django_structlog.celery.steps import DjangoStructLogInitStep

from apps.core.embedded.death import die_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
# The checks would load every page and view into the worker and into beat.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

app = Celery("touchstone")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.steps["worker"].add(DjangoStructLogInitStep)
app.autodiscover_tasks()


@setup_logging.connect
def keep_our_logging(**kwargs: Any) -> None:
    """Celery leaves logging alone when somebody answers this signal; Django's settings have set it up."""


@worker_process_init.connect
def follow_parent(**kwargs: Any) -> None:
    die_with_parent()


@worker_ready.connect
def note_worker(**kwargs: Any) -> None:
    from apps.core.alive import keep_noting

    keep_noting("worker")


@beat_init.connect
def note_beat(**kwargs: Any) -> None:
    from apps.core.alive import keep_noting

    keep_noting("beat")
