"""When somebody was here last."""

from django.conf import settings
from django.db import models


class Visit(models.Model):
    """A person's visits of the first page: the present one, and from when on it shows what is new."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="visit")
    since = models.DateTimeField(help_text="When the visit before this one ended.")
    seen_at = models.DateTimeField(help_text="When they looked last, right to a minute.")

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.user_id} at {self.seen_at}"
