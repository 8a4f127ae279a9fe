"""Whether a text tells who somebody is (F17, R01): the rules know words and shapes, and the
libraries which numbers are given out."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from stdnum import iban
from stdnum.be import bis, nn

from bot.rules.personal import looks_personal, normalised, without_times

_RUN = re.compile(r"\d(?:[\W_]{0,3}\d)*")  # figures with any short signs between them
_TRUNK = re.compile(r"((?:\+ ?\(?|(?<!\d)00 ?)\d{1,3}\)?[\W_]{0,2})\( ?0 ?\)")  # +32 (0)475
_ACCOUNT = re.compile(  # ahead, since one may begin inside what looked like another
    r"(?<![^\W_])(?=([A-Za-z]{2} ?\d\d(?:[\W_]{0,2}[A-Za-z0-9]){11,30}))"
)
_USUAL = re.compile(r"[\d ./()-]+")  # between the figures of a telephone number
_LONGEST = 15  # figures of any number looked for
_NATIONAL = {2, 4, 6, 9, 11}  # where the parts of a national number end
_SHORT_ZONES = ("02", "03", "04", "09")
_NEIGHBOURS = ("BE", "NL", "FR", "DE")


@dataclass(frozen=True, slots=True)
class Figures:
    """Groups of figures that may be one number; `abroad`: a plus stands before them."""

    groups: tuple[str, ...]
    text: str
    abroad: bool

    @property
    def digits(self) -> str:
        return "".join(self.groups)


def identifies(text: str) -> bool:
    """A number of the national register, of a telephone or of a bank account, an address, an
    account or a date of birth, however it is spelt.

    Numbers in their usual groups count whatever date they look like; in others unless a date or
    an hour explains the figures.
    """
    plain = _TRUNK.sub(r"\1", normalised(text))
    if looks_personal(plain) or _is_bank_account(plain):
        return True
    written, left = without_times(plain), without_times(plain, short=True)
    return any(_is_written(one) for one in _figures(written)) or any(
        _is_national(one) or _is_telephone(one) for one in _figures(left)
    )


def _figures(text: str) -> Iterator[Figures]:
    """All that may be a number: whole groups, one after the other."""
    for run in _RUN.finditer(text):
        groups = list(re.finditer(r"\d+", run[0]))
        for first, start in enumerate(groups):
            before = text[: run.start() + start.start()].rstrip(" (")
            abroad = before.endswith("+") and not start[0].startswith("0")
            taken: tuple[str, ...] = ()
            for group in groups[first:]:
                taken += (group[0],)
                if sum(map(len, taken)) > _LONGEST:
                    break
                yield Figures(taken, run[0][start.start() : group.end()], abroad)


def _is_written(one: Figures) -> bool:
    """A national or telephone number in the groups it is usually written in."""
    if _is_national(one):
        return set(accumulate(map(len, one.groups))) <= _NATIONAL
    if one.abroad:
        return _is_abroad(one)
    if ":" in one.text or min(map(len, one.groups)) < 2:
        return False
    if one.digits.startswith("00"):
        return len(one.groups[0]) > 2 and _is_abroad(one)
    grouped = (
        len(one.groups[0]) > 2
        or {len(group) for group in one.groups} == {2}
        or one.digits.startswith(_SHORT_ZONES)
    )
    return one.digits.startswith("0") and grouped and _is_valid(one.digits, "BE")


def _is_national(one: Figures) -> bool:
    return len(one.digits) == 11 and (nn.is_valid(one.digits) or bis.is_valid(one.digits))


def _is_telephone(one: Figures) -> bool:
    """In whichever groups; with its zone or country, or a mobile number without them."""
    if one.abroad or one.digits.startswith("00"):
        return _is_abroad(one)
    digits, sizes = one.digits, [len(group) for group in one.groups]
    if digits.startswith("324"):
        return len(digits) == 11 and _is_valid(f"+{digits}", None)
    if digits.startswith("4"):
        return len(digits) == 9 and sizes[0] in {3, 9} and sizes != [3, 3, 3] and _in("BE", digits)
    if digits.startswith("6"):
        return len(digits) == 9 and sizes[0] in {3, 9} and _in("LU", digits)
    if not digits.startswith("0") or len(digits) < 9:
        return False
    if sizes[:2] == [1, 1] and max(sizes) > 1:
        return False
    unknown = len(digits) < 11 and min(sizes) > 1 and _USUAL.fullmatch(one.text)
    return bool(unknown) or any(_in(region, digits) for region in _NEIGHBOURS)


def _is_abroad(one: Figures) -> bool:
    if one.abroad:
        return _is_valid(f"+{one.digits}", None)
    return one.digits.startswith("00") and _is_valid(f"+{one.digits[2:]}", None)


def _in(region: str, digits: str) -> bool:
    return _is_valid(digits, region)


def _is_valid(number: str, region: str | None) -> bool:
    import phonenumbers  # slow to load, and seldom needed

    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(number, region))
    except phonenumbers.NumberParseException:
        return False


def _is_bank_account(text: str) -> bool:
    """By its country, length and check digits; the words after it do not hide it."""
    for found in _ACCOUNT.finditer(text):
        ends = [group.end() for group in re.finditer(r"[^\W_]+", found[1])]
        if any(
            iban.is_valid(re.sub(r"[\W_]", "", found[1][:end]), check_country=False) for end in ends
        ):
            return True
    return False
