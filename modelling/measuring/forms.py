"""The one form of a mechanical test: prefilled with the usual recipe, so that one click starts it."""

from typing import Any

from django import forms

from modelling.engine.fe.quantities import AXIAL, FALL
from modelling.engine.fe.recipe import Recipe
from portal.core.forms import ChoicesField, sentence

DIRECTIONS = ((AXIAL, "Compressed along its axis"), (FALL, "Sheared across, as in a fall"))


class StrengthForm(forms.Form):
    """Load, material and criterion of a test."""

    direction = ChoicesField(label="Load", choices=DIRECTIONS)
    modulus_mpa = forms.FloatField(
        label="Young's modulus of bone tissue",
        help_text="8748 MPa for XtremeCT II, 6829 MPa for the first XtremeCT (MacNeil and Boyd 2008).",
    )
    poisson = forms.FloatField(label="Poisson's ratio")
    strain = forms.FloatField(label="Strain", help_text="How far the top is moved, over the height: 0.01 is 1 %.")
    critical_strain = forms.FloatField(
        label="Critical effective strain", help_text="0.007, by Pistoia and others (Bone 30:842, 2002)."
    )
    critical_volume = forms.FloatField(
        label="Critical volume", help_text="Share of the bone that must be strained beyond it: 0.02 is 2 %."
    )
    tolerance = forms.FloatField(
        label="Tolerance", help_text="Unbalanced forces over those at the beginning; 1e-5 gives the force to 0.001 %."
    )

    def clean(self) -> dict[str, Any]:
        """Refuse what no test can be made with; the recipe says why."""
        found: dict[str, Any] = super().clean() or {}
        if not self.errors:
            try:
                Recipe(**found)
            except ValueError as error:
                self.add_error(None, sentence(str(error)))
        return found

    def make_recipe(self) -> Recipe:
        """Return what was asked for; only of a form that is valid."""
        return Recipe(**self.cleaned_data)
