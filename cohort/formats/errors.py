"""What a reader says when a file is not what it should be (pure).

One class: the thing, what was found, what was wanted, and a short code that a program can go by. The sentence is
shown to the person who sent the file, so it never carries a name, a birth date or a value of the header.
"""


class FormatError(ValueError):
    """A file cannot be read as what it should be.

    thing: what was looked at ("the pixel data"). found, wanted: in words. code: for programs ("truncated").
    """

    def __init__(self, thing: str, found: str, wanted: str, code: str = "unreadable") -> None:
        super().__init__(f"{thing}: found {found}, wanted {wanted}.")
        self.thing = thing
        self.found = found
        self.wanted = wanted
        self.code = code
