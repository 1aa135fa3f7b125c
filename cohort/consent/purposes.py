"""What data may be used for, and which consent items each use needs (DECISIONS 6, "Consent")."""

from enum import StrEnum

from cohort.consent.models import Level


class Purpose(StrEnum):
    ENTER = "enter"
    IMAGE = "image"
    FOLLOW_UP = "follow_up"
    RECORDS = "records"
    LINK = "link"
    TRAIN = "train"
    EVALUATE = "evaluate"
    SHARE = "share"
    COMMERCIAL = "commercial"
    TELL_FINDING = "tell_finding"
    RECONTACT = "recontact"


NEEDS: dict[Purpose, tuple[str, ...]] = {
    Purpose.ENTER: ("con_i_part",),
    Purpose.IMAGE: ("con_i_part", "con_i_rad"),
    Purpose.FOLLOW_UP: ("con_i_part", "con_i_contact"),
    Purpose.RECORDS: ("con_i_part", "con_i_records"),
    Purpose.LINK: ("con_i_part", "con_i_link"),
    Purpose.TRAIN: ("con_i_part", "con_i_ai"),
    Purpose.EVALUATE: ("con_i_part", "con_i_ai"),
    Purpose.SHARE: ("con_i_part", "con_i_future"),
    Purpose.COMMERCIAL: ("con_i_part", "con_i_future", "con_i_commercial"),
    Purpose.TELL_FINDING: ("con_i_part", "con_i_incid", "con_i_gp"),
    Purpose.RECONTACT: ("con_i_part", "con_i_recontact"),
}

ENDS_AT: dict[Purpose, Level] = {
    Purpose.ENTER: Level.NO_MORE_VISITS,
    Purpose.IMAGE: Level.NO_MORE_VISITS,
    Purpose.FOLLOW_UP: Level.NO_FURTHER_CONTACT,
    Purpose.RECONTACT: Level.NO_FURTHER_CONTACT,
    Purpose.TELL_FINDING: Level.NO_FURTHER_CONTACT,
    Purpose.RECORDS: Level.NO_FURTHER_ACCESS,
    Purpose.LINK: Level.NO_FURTHER_ACCESS,
    Purpose.TRAIN: Level.NO_FURTHER_USE,
    Purpose.EVALUATE: Level.NO_FURTHER_USE,
    Purpose.SHARE: Level.NO_FURTHER_USE,
    Purpose.COMMERCIAL: Level.NO_FURTHER_USE,
}
"""The mildest withdrawal that ends a purpose (CLINICAL 1.5, table)."""

WORDS: dict[Purpose, str] = {
    Purpose.ENTER: "Enter data at visits",
    Purpose.IMAGE: "Take research images",
    Purpose.FOLLOW_UP: "Call for follow-up",
    Purpose.RECORDS: "Look at medical records",
    Purpose.LINK: "Link to national data",
    Purpose.TRAIN: "Train models",
    Purpose.EVALUATE: "Evaluate models",
    Purpose.SHARE: "Share with other research",
    Purpose.COMMERCIAL: "Share with a commercial partner",
    Purpose.TELL_FINDING: "Tell about incidental findings",
    Purpose.RECONTACT: "Contact about future studies",
}
