"""What people say about a question or a difference."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from bridge.hub.models.integrations import Integration
from bridge.hub.models.people import Owned, User
from bridge.hub.models.records import Question


class Comment(Owned):
    """One remark of a person, about a question or about documents that differ. Never edited.

    `about` is the key of the difference, made of its documents; "" where a question is spoken of.
    """

    integration = models.ForeignKey(Integration, models.CASCADE, related_name="comments")
    question = models.ForeignKey(Question, models.CASCADE, null=True, blank=True, related_name="comments")
    about = models.CharField(max_length=500, blank=True)
    text = models.TextField(_("comment"), max_length=2000)
    user = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("comment")
        verbose_name_plural = _("comments")
        ordering = ["made_at", "pk"]
        indexes = [models.Index(fields=["integration", "about"], condition=~models.Q(about=""), name="comment_about")]

    def __str__(self) -> str:
        return self.text[:80]
