"""One verification by emoji as a pure protocol: messages in, messages out, no network, no clock.

Client-server API, "Short Authentication String (SAS) verification". It begins where both sides
have said that they are ready; either may send the start. The homeserver carries every message
and may change any: then the emoji differ, or the commitment or a MAC does not fit.
"""

from enum import Enum, auto

import vodozemac

from bot.matrix.agreement import Agreement, Cancel, Code, Party, commitment, key_ids
from bot.matrix.offers import EMOJI, METHOD, OFFER, choice, chosen, offered, text
from bot.matrix.talk import ShortString
from bot.matrix.wire import Json

Message = tuple[str, Json]  # what follows `m.key.verification.` in the type, and the content


_MALFORMED = (KeyError, TypeError, ValueError, AttributeError, RecursionError)


class _Stage(Enum):
    READY = auto()  # nobody has started
    STARTED = auto()  # we have; their accept, or a start that crossed ours, comes next
    AGREED = auto()  # start and accept are exchanged; their key comes next
    KEYED = auto()  # both can show the short string; their MAC comes next
    CHECKED = auto()  # their keys are what we have of them; their done comes next
    DONE = auto()
    ENDED = auto()  # cancelled


class Sas:
    """Our side of one verification."""

    def __init__(self, ours: Party, theirs: Party, transaction: str, reference: Json) -> None:
        """`reference` says in every content which verification it belongs to."""
        self._ours = ours
        self._theirs = theirs
        self._transaction = transaction
        self._reference = reference
        self._key = vodozemac.Sas()
        self._public = self._key.public_key.to_base64()
        self._stage = _Stage.READY
        self._seen: list[Message] = []
        self._first: Json = {}  # the start that counts
        self._first_is_ours = False
        self._commitment = ""
        self._ways: tuple[str, ...] = ()  # emoji, decimal: what both can show
        self._agreement: Agreement
        self._confirmed = False
        self.string: ShortString | None = None

    @property
    def idle(self) -> bool:
        """Whether nobody has started yet."""
        return self._stage is _Stage.READY

    @property
    def finished(self) -> bool:
        """Whether both sides have confirmed, checked and said so."""
        return self._stage is _Stage.DONE

    def start(self) -> list[Message]:
        """Begin; at any later moment there is nothing to begin."""
        if not self.idle:
            return []
        self._stage, self._first_is_ours = _Stage.STARTED, True
        device = {"from_device": self._ours.device_id}
        self._first = {**OFFER, **device, **self._reference}
        return [("start", self._first)]

    def answer(self, *, same: bool) -> list[Message]:
        """Our person says whether the strings are the same."""
        if self.string is None or self._confirmed or self._stage is _Stage.ENDED:
            return []
        if not same:
            self._stage = _Stage.ENDED
            raise Cancel(Code.SAS)
        self._confirmed = True
        keys = key_ids(self._ours)
        mac = {name: self._mac(name, key) for name, key in keys.items()}
        listed = self._mac("KEY_IDS", ",".join(sorted(keys)))
        said = [self._say("mac", {"mac": mac, "keys": listed})]
        return [*said, self._say("done", {})] if self._stage is _Stage.CHECKED else said

    def receive(self, kind: str, content: Json) -> list[Message]:
        """Take in a message; what is said to it. `Cancel` when it cannot go on.

        A message that comes once more changes nothing, nor does one of a kind unknown to us.
        """
        take = {
            "start": self._take_start,
            "accept": self._take_accept,
            "key": self._take_key,
            "mac": self._take_mac,
            "done": self._take_done,
        }.get(kind)
        try:
            if take is None or self._stage is _Stage.ENDED or (kind, content) in self._seen:
                return []
            self._seen.append((kind, content))
            return take(content)
        except Cancel:
            self._stage = _Stage.ENDED
            raise
        except _MALFORMED:
            self._stage = _Stage.ENDED
            raise Cancel(Code.INVALID) from None

    def _take_start(self, content: Json) -> list[Message]:
        if self._first_is_ours:
            if text(content["method"]) != METHOD:
                raise Cancel(Code.UNEXPECTED)
            if self._ours.user_id < self._theirs.user_id:
                return []  # two crossed, and that of the smaller user id counts
        self._expect(_Stage.STARTED if self._first_is_ours else _Stage.READY)
        ways = offered(content)
        if content["from_device"] != self._theirs.device_id:
            raise Cancel(Code.UNEXPECTED)
        self._first, self._first_is_ours, self._ways = content, False, ways
        self._stage = _Stage.AGREED
        bound = {"commitment": commitment(self._public, content)}
        return [self._say("accept", {**choice(ways), **bound})]

    def _take_accept(self, content: Json) -> list[Message]:
        self._expect(_Stage.STARTED)
        self._ways, self._commitment = chosen(content), text(content["commitment"])
        self._stage = _Stage.AGREED
        return [self._say("key", {"key": self._public})]

    def _take_key(self, content: Json) -> list[Message]:
        self._expect(_Stage.AGREED)
        key = vodozemac.Curve25519PublicKey.from_base64(text(content["key"]))
        theirs = key.to_base64()
        if self._first_is_ours and commitment(theirs, self._first) != self._commitment:
            raise Cancel(Code.COMMITMENT)
        ours, other = (self._ours, self._public), (self._theirs, theirs)
        first, second = (ours, other) if self._first_is_ours else (other, ours)
        secret = self._key.diffie_hellman(key)
        self._agreement = Agreement(secret, first, second, self._transaction)
        self.string = self._agreement.string(emoji=EMOJI in self._ways)
        self._stage = _Stage.KEYED
        return [] if self._first_is_ours else [self._say("key", {"key": self._public})]

    def _take_mac(self, content: Json) -> list[Message]:
        """Their identity must be among what they vouch for; a key we do not know says nothing."""
        self._expect(_Stage.KEYED)
        given = {text(name): text(mac) for name, mac in content["mac"].items()}
        self._check("KEY_IDS", ",".join(sorted(given)), text(content["keys"]))
        known = key_ids(self._theirs)
        for name in known.keys() & given.keys():
            self._check(name, known[name], given[name])
        if f"ed25519:{self._theirs.master_key}" not in given:
            raise Cancel(Code.KEY_MISMATCH)
        self._stage = _Stage.CHECKED
        return [self._say("done", {})] if self._confirmed else []

    def _take_done(self, _content: Json) -> list[Message]:
        self._expect(_Stage.CHECKED)
        if not self._confirmed:
            raise Cancel(Code.UNEXPECTED)
        self._stage = _Stage.DONE
        return []

    def _expect(self, stage: _Stage) -> None:
        if self._stage is not stage:
            raise Cancel(Code.UNEXPECTED)

    def _say(self, kind: str, content: Json) -> Message:
        return kind, {**content, **self._reference}

    def _mac(self, name: str, value: str) -> str:
        return self._agreement.mac(self._ours, self._theirs, name, value)

    def _check(self, name: str, value: str, mac: str) -> None:
        self._agreement.check(self._theirs, self._ours, name, value, mac)
