"""The form that starts a demonstration."""

from django import forms

WAYS_TO_FAIL = {
    "no": "It does not fail",
    "bad_spec": "It finds that it cannot be done: fails for good",
    "not_finite": "A number becomes NaN: fails for good, the last checkpoint is kept",
    "crash": "Its process crashes: tried again, then parked",
    "killed": "Its process is killed: tried again, then parked",
    "memory": "It takes too much memory: tried again, then parked",
}


class DemonstrationForm(forms.Form):
    """How long the demonstration takes, and whether it fails."""

    steps = forms.IntegerField(label="Steps", min_value=1, max_value=1000, initial=20)
    seconds_per_step = forms.FloatField(label="Length of a step", min_value=0, max_value=60, initial=0.5)
    queue = forms.ChoiceField(
        label="Queue", choices=[("web", "web: short work"), ("gpu", "gpu: training and prediction")], initial="web"
    )
    fail = forms.ChoiceField(
        label="How it ends", choices=list(WAYS_TO_FAIL.items()), widget=forms.RadioSelect, initial="no"
    )

    def as_spec(self) -> dict[str, object]:
        """Return the spec of the job; it fails halfway, after a checkpoint."""
        given = self.cleaned_data
        spec: dict[str, object] = {
            "steps": given["steps"],
            "seconds_per_step": given["seconds_per_step"],
            "checkpoint_every": max(1, given["steps"] // 10),
        }
        if given["fail"] != "no":
            spec |= {"fail": given["fail"], "fail_at": given["steps"] // 2 + 1}
        return spec
