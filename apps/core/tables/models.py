"""Addresses of lists, kept by name."""

from django.conf import settings
from django.db import models
from django.db.models import Q


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    def for_page(self, page: str, user_id: int) -> "SavedViewQuerySet":
        """Somebody's own views of a list first, then those that others share."""
        seen = self.filter(Q(owner=user_id) | Q(shared=True), page=page)
        mine = models.Case(models.When(owner=user_id, then=0), default=1)
        return seen.select_related("owner").order_by(mine, "name", "pk")


class SavedView(models.Model):
    """What somebody wants to see of a list again. `page` is the list's route, `query` what its address says."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_views")
    page = models.CharField(max_length=100)
    name = models.CharField(max_length=80)
    query = models.CharField(max_length=2000, blank=True)
    shared = models.BooleanField(default=False, help_text="Everybody who may open the list sees it.")
    is_default = models.BooleanField(default=False, help_text="What its owner sees when they open the list.")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "page", "name"], name="view_name_of_owner"),
            models.UniqueConstraint(
                fields=["owner", "page"], condition=Q(is_default=True), name="one_default_view_of_owner"
            ),
        ]
        indexes = [models.Index(fields=["page"], condition=Q(shared=True), name="shared_views")]
        permissions = [("share_savedview", "Can share views of lists")]

    def __str__(self) -> str:
        return self.name
