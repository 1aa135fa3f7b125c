"""Research codes with a check character, as `EXB-0042-K`.

The check character is ISO/IEC 7064 MOD 37,36: it catches every single wrong character and 99 of 100 swaps
of two neighbours. A code carries no meaning but the site's prefix, which is for people, and its running number.
"""

import re

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
CODE = re.compile(r"^(?P<prefix>[A-Z]{2,5})-(?P<number>[0-9]{4,6})-(?P<check>[0-9A-Z])$")
_MODULUS = 36


def make_code(prefix: str, number: int) -> str:
    """Return the code of the number-th participant of a prefix. Raises ValueError outside 1 to 999999."""
    if not re.fullmatch(r"[A-Z]{2,5}", prefix):
        raise ValueError(f"a code prefix is 2 to 5 capital letters, not '{prefix}'")
    if not 1 <= number <= 999_999:
        raise ValueError(f"a code number lies between 1 and 999999, not {number}")
    digits = f"{number:04d}"
    return f"{prefix}-{digits}-{check_character(prefix + digits)}"


def check_character(text: str) -> str:
    """Return the ISO/IEC 7064 MOD 37,36 check character of capital letters and digits."""
    remainder = _MODULUS
    for character in text:
        remainder = (remainder + ALPHABET.index(character)) % _MODULUS or _MODULUS
        remainder = remainder * 2 % (_MODULUS + 1)
    return ALPHABET[(_MODULUS + 1 - remainder) % _MODULUS]


def normalise_code(typed: str) -> str:
    """Return the code a person meant. Raises ValueError naming what is wrong with it."""
    code = typed.strip().upper().replace(" ", "")
    found = CODE.match(code)
    if found is None:
        raise ValueError(f"'{typed}' is not a participant code; wanted letters, number and check letter as EXB-0042-K")
    wanted = check_character(found["prefix"] + found["number"])
    if found["check"] != wanted:
        raise ValueError(f"'{typed}' has a typing error: its check character does not fit")
    return code
