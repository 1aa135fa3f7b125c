"""TRIPOD+AI (Collins et al., BMJ 385:e078378, 2024): its 27 items and where each stands. Pure."""

from typing import Final

HERE, STUDY, CARD, NOT_HERE = "here", "study page", "model card", "not in this report"

ITEMS: Final[tuple[tuple[str, str, str], ...]] = (
    ("1", "Title: a prediction model is evaluated, for whom and for what outcome", f"{HERE}: title"),
    ("2", "Abstract", f"{HERE}: first sentence"),
    ("3", "Background: context, purpose, known inequalities", f"{STUDY}: protocol"),
    ("4", "Objectives", f"{HERE}: first page"),
    ("5", "Data: sources and dates", f"{STUDY}: sites, devices"),
    ("6", "Participants: setting, eligibility, treatments", f"{STUDY}: eligibility rules"),
    ("7", "Data preparation", f"{CARD}: preparation"),
    ("8", "Outcome: definition, assessment, blinding", f"{HERE}: how it was kept blind"),
    ("9", "Predictors", f"{HERE}: what went in"),
    ("10", "Sample size", f"{HERE}: how sharp an answer could be"),
    ("11", "Missing data", f"{CARD}: preparation"),
    ("12", "Analytical methods", f"{HERE}: methods; {CARD}"),
    ("13", "Class imbalance", f"{CARD}: training"),
    ("14", "Fairness", f"{HERE}: subgroups, where enough people"),
    ("15", "Model output and its threshold", f"{HERE}: at the locked threshold"),
    ("16", "Training against evaluation", f"{HERE}: flow"),
    ("17", "Ethical approval", f"{STUDY}: approvals"),
    ("18", "Open science: funding, protocol, registration, data, code", f"{HERE}: hashes; {STUDY}"),
    ("19", "Patient and public involvement", NOT_HERE),
    ("20", "Participants: flow and characteristics", f"{HERE}: flow"),
    ("21", "Model development: numbers of people and events", f"{HERE}: first page"),
    ("22", "Model specification", f"{CARD}: configuration and weights"),
    ("23", "Performance with intervals, in groups", f"{HERE}: separation, threshold, calibration"),
    ("24", "Model updating", NOT_HERE),
    ("25", "Interpretation", f"{HERE}: sentences"),
    ("26", "Limitations", f"{HERE}: limits"),
    ("27", "Usability: use, poor inputs, next steps", CARD),
)
