"""States of an upload and of a series."""

from django.db import models

from portal.workflow import Move, Table


class UploadState(models.TextChoices):
    RECEIVING = "receiving", "Receiving"
    READING = "reading", "Reading"
    DONE = "done", "Done"
    REFUSED = "refused", "Refused"
    CANCELLED = "cancelled", "Cancelled"


class SeriesState(models.TextChoices):
    ACCEPTED = "accepted", "Accepted"
    IN_USE = "in_use", "In use"
    SUPERSEDED = "superseded", "Superseded"
    WRONG_SIDE = "wrong_side", "Wrong side"
    UNUSABLE = "unusable", "Unusable"


UPLOADS: Table = {
    (UploadState.RECEIVING, "close"): Move(UploadState.READING, action="image.upload"),
    (UploadState.RECEIVING, "cancel"): Move(UploadState.CANCELLED, action="image.upload"),
    (UploadState.RECEIVING, "give_up"): Move(UploadState.CANCELLED, action="image.conclude"),
    (UploadState.READING, "accept"): Move(UploadState.DONE, action="image.conclude"),
    (UploadState.READING, "refuse"): Move(UploadState.REFUSED, action="image.conclude"),
    (UploadState.READING, "cancel"): Move(UploadState.CANCELLED, action="image.upload"),
}

SERIES: Table = {
    (SeriesState.ACCEPTED, "use"): Move(SeriesState.IN_USE, action="image.conclude"),
    (SeriesState.ACCEPTED, "supersede"): Move(SeriesState.SUPERSEDED, action="image.conclude"),
    (SeriesState.ACCEPTED, "find_unusable"): Move(SeriesState.UNUSABLE, action="image.grade"),
    (SeriesState.IN_USE, "find_unusable"): Move(SeriesState.UNUSABLE, action="image.grade"),
    (SeriesState.UNUSABLE, "take_back"): Move(SeriesState.ACCEPTED, action="image.grade"),
    (SeriesState.ACCEPTED, "find_wrong_side"): Move(SeriesState.WRONG_SIDE, action="image.grade"),
    (SeriesState.IN_USE, "find_wrong_side"): Move(SeriesState.WRONG_SIDE, action="image.grade"),
}
