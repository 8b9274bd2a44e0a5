"""What a sweep can measure. An app registers its targets from `apps.py`; evaluations finds them by name."""
