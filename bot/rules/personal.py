"""What plainly identifies a person and has no place in a text of the table (F17, R01, N13)."""

import re

_NATIONAL_NUMBER = re.compile(
    r"(?<!\d)(\d{2})[ .]?(\d{2})[ .]?(\d{2})[ .-]?(\d{3})[ .-]?(\d{2})(?!\d)"
)
_TELEPHONE = re.compile(r"(?<![\w/])(?:\+|00)?\d(?:[ ./-]?\d){8,12}(?!\d)")
_ACCOUNT = re.compile(r"[@#]\w[\w.=/-]*(?::\w[\w.-]*)?|[\w.+-]+@[\w-]+\.\w+")
_BIRTH = re.compile(
    r"(?i)\b(?:geb|geboren|née?|nés|born|dob)\b\.?[^\n]{0,12}\d|°\s?\d{1,2}[ ./-]\d"
)


def looks_personal(text: str) -> bool:
    """A national number, telephone number, mail or network address, or date of birth.

    Names cannot be told from other words by a rule; the poll asks people to look for them.
    """
    return bool(
        any(_is_national_number("".join(found)) for found in _NATIONAL_NUMBER.findall(text))
        or _TELEPHONE.search(text)
        or _ACCOUNT.search(text)
        or _BIRTH.search(text)
    )


def _is_national_number(digits: str) -> bool:
    """The last two digits are 97 minus the rest modulo 97; births since 2000 count a 2 before."""
    body, check = digits[:9], int(digits[9:])
    return check in (97 - int(body) % 97, 97 - int("2" + body) % 97)
