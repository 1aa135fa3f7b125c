"""Taking in one file, for page and API alike: to the disk first, then its row, then the acknowledgement."""

import re

from cohort.imaging import quarantine
from cohort.imaging.models import Upload, UploadedFile
from cohort.imaging.quarantine import Readable
from cohort.imaging.services import acknowledge_file
from cohort.imaging.states import UploadState
from portal.core.errors import Refused, TrabeculaError, WrongState
from portal.roles.actors import Actor
from portal.roles.policy import require

UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]")


def receive_file(
    actor: Actor, upload: Upload, name: str, body: Readable, n_bytes: int, *, sha256: str = ""
) -> tuple[UploadedFile, bool]:
    """Take in one file; return its row and whether it is new.

    Who may, and whether the upload is open, is asked before a byte is read. Raises Refused, WrongState, StorageFull;
    no file is left behind then. Where the database breaks off instead, the file stays: its row may be committed.
    """
    require(actor, "image.upload", upload.participant.site_id)
    if upload.state != UploadState.RECEIVING:
        raise WrongState(f"a file cannot be added to an upload that is '{upload.state}'; start another")
    shown = UNPRINTABLE.sub(" ", name.replace("\\", "/").rsplit("/", 1)[-1]).strip()[:255]
    if not shown:
        raise Refused("the file has no name")
    received = quarantine.receive(upload.pk, body, n_bytes)
    try:
        if sha256 and sha256 != received.sha256:
            raise Refused("the file was changed on its way: its SHA-256 is not the one announced; send it again")
        return acknowledge_file(actor=actor, upload=upload, name=shown, received=received)
    except TrabeculaError:
        received.path.unlink(missing_ok=True)
        raise
