"""What the custodian's browser sends of a card: the public half alone."""

from django import forms


class CustodyKeyForm(forms.Form):
    """The public half of a fresh card, and the custodian's word that the card is kept."""

    public_key = forms.RegexField(
        r"^[0-9a-f]{64}$", widget=forms.HiddenInput, error_messages={"required": "Make a card first."}
    )
    kept = forms.BooleanField(
        label="I have printed my card or written it down, and keep it where only I can reach it.",
        error_messages={"required": "Print the card or write it down first: it is shown once."},
    )
