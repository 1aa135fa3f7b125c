"""New UIDs by a keyed, repeatable rule: one old UID has one new UID in a study, and no way leads back (pure).

PS3.5 B.2: `2.25.` and the number of a UUID. The UUID is version 8 (RFC 9562, 5.8), its bits from HMAC-SHA256.
"""

import hashlib
import hmac
import uuid


def new_uid(key: bytes, old: str) -> str:
    """Return the UID that stands for `old` under this key. Raises ValueError for a short key or an empty UID."""
    if len(key) < 16:
        raise ValueError(f"a key of UIDs has 16 bytes or more, not {len(key)}")
    if not old:
        raise ValueError("an empty UID has no new one")
    raw = bytearray(hmac.new(key, b"uid|" + old.encode(), hashlib.sha256).digest()[:16])
    raw[6] = (raw[6] & 0x0F) | 0x80
    raw[8] = (raw[8] & 0x3F) | 0x80
    return f"2.25.{uuid.UUID(bytes=bytes(raw)).int}"
