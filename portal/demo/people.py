"""The staff of the demo: who they are, and what they do (pure)."""

from dataclasses import dataclass

from portal.roles.models import Role


@dataclass(frozen=True)
class Staff:
    """One invented member of staff; `site` is a prefix, or empty for every site."""

    name: str
    role: str
    site: str = ""

    @property
    def key(self) -> str:
        """The first name in small letters, by which the demo's own code calls the person."""
        return self.name.partition(" ")[0].lower()

    @property
    def email(self) -> str:
        """An address that can reach nobody (RFC 2606)."""
        return f"{self.key}@demo.example"


STAFF = (
    Staff("Nora Quill", Role.NURSE, "EXB"),
    Staff("Nell Harker", Role.NURSE, "PLY"),
    Staff("Rafael Osei", Role.RADIOGRAPHER, "EXB"),
    Staff("Rita Lindqvist", Role.READER),
    Staff("Asha Bell", Role.ASSESSOR, "EXB"),
    Staff("Dan Whitlock", Role.DATA_MANAGER),
    Staff("Ana Ferreira", Role.ANALYST),
    Staff("Paula Marsh", Role.PI),
    Staff("Carl Benton", Role.CUSTODIAN),
    Staff("Cora Iyer", Role.CUSTODIAN),
    Staff("Cyril Dumas", Role.CUSTODIAN),
    Staff("Mona Feld", Role.MONITOR),
    Staff("Otto Brandt", Role.AUDITOR),
    Staff("Adam Pryce", Role.ADMIN),
)

SITES = (("Exeter Bone Clinic", "EXB"), ("Plymouth Research Unit", "PLY"))
DEVICES = (
    ("EXB", "radiograph", "Simulated", "DX-1", "SIM-DX-001"),
    ("EXB", "dxa", "Simulated", "DXA-1", "SIM-DXA-001"),
    ("EXB", "pqct", "Simulated", "pQCT-1", "SIM-PQCT-001"),
    ("PLY", "radiograph", "Simulated", "DX-1", "SIM-DX-002"),
)
