"""A site is a hospital or clinic that enrols participants."""

from django.core.validators import RegexValidator
from django.db import models


class Site(models.Model):
    """One place that enrols; its prefix begins the codes of its participants."""

    name = models.CharField(max_length=120, unique=True)
    prefix = models.CharField(
        max_length=5,
        unique=True,
        validators=[RegexValidator(r"^[A-Z]{2,5}$", "The prefix is 2 to 5 capital letters.")],
        help_text="2 to 5 capital letters; participant codes begin with it.",
    )

    class Meta:
        ordering = ("name",)
        constraints = (
            models.CheckConstraint(condition=models.Q(prefix__regex=r"^[A-Z]{2,5}$"), name="site_prefix_is_capitals"),
        )

    def __str__(self) -> str:
        return self.name
