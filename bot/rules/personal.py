"""What plainly identifies a person and has no place in a text of the table (F17, R01, N13)."""

import re

_NATIONAL_NUMBER = re.compile(
    r"(?<!\d)(\d{2})[ .]?(\d{2})[ .]?(\d{2})[ .-]?(\d{3})[ .-]?(\d{2})(?!\d)"
)
_TELEPHONE = re.compile(r"(?<![\w/])(?:\+|0)\d?(?:[ ./-]?\d){7,12}(?!\d)")
_TIMES = re.compile(  # dates, years, hours: wanted in a text, and full of digits
    r"(?<![\d./-])(?<!\d )(?:"
    r"\d{4}-\d{1,2}-\d{1,2}"
    r"|(?:0?[1-9]|[12]\d|3[01])[./-](?:0?[1-9]|1[0-2])[./-](?:(?:19|20)\d{2}|\d{2})"
    r"|(?:19|20)\d{2}\s?[-–/]\s?(?:19|20)\d{2}"
    r"|\d{1,2}[:uh]\d{2})(?!\d)"
)
_ADDRESS = re.compile(
    r"(?i)\b\w*(?:straat|laan|steenweg|dreef|straße|strasse|gasse)\s+\d+"
    r"|\b(?:rue|avenue|chaussée|boulevard)\s[^,.\d]{2,40},?\s*\d+"
)
_ACCOUNT = re.compile(r"[@#]\w[\w.=/-]*(?::\w[\w.-]*)?|[\w.+-]+@[\w-]+\.\w+")
_BIRTH = re.compile(
    r"(?i)\b(?:geb|geboren|née?|nés|born|dob)\b\.?[^\n]{0,12}\d|°\s?\d{1,2}[ ./-]\d"
)


def looks_personal(text: str) -> bool:
    """A national number, telephone number, mail, network or street address, or date of birth.

    Names cannot be told from other words by a rule; the poll asks people to look for them.
    """
    return bool(
        any(_is_national_number("".join(found)) for found in _NATIONAL_NUMBER.findall(text))
        or _TELEPHONE.search(_TIMES.sub(" · ", text))
        or _ADDRESS.search(text)
        or _ACCOUNT.search(text)
        or _BIRTH.search(text)
    )


def _is_national_number(digits: str) -> bool:
    """The last two digits are 97 minus the rest modulo 97; births since 2000 count a 2 before."""
    body, check = digits[:9], int(digits[9:])
    return check in (97 - int(body) % 97, 97 - int("2" + body) % 97)
