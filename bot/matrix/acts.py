"""What we do to rooms: make, join, leave, invite, remove. All can be repeated without harm."""

import logging
from collections.abc import Collection
from typing import Any

from bot.matrix.admission import pauses
from bot.matrix.door import MatrixRefused, NotYet, RoomPlan
from bot.matrix.mending import cure
from bot.matrix.powers import content
from bot.matrix.rooms import MARKER, Rooms, index, members
from bot.matrix.trust import MEGOLM
from bot.matrix.wire import FEW, Json, Wire, path
from bot.rules.room import Fault

_log = logging.getLogger("tafelbot.matrix")

# The maker of a room has 100, or above all levels from room version 12 on, without being listed.
_POWER = {
    "users_default": 0,
    "events_default": 0,
    "state_default": 100,
    "invite": 50,
    "kick": 50,
    "ban": 50,
    "redact": 50,
}


class Acts:
    """Acts on rooms, in the name of one account."""

    def __init__(self, wire: Wire, rooms: Rooms, us: str) -> None:
        self._wire = wire
        self._rooms = rooms
        self._us = us

    async def create_room(self, plan: RoomPlan) -> str:
        """Make the room, or find the one that was made before we were interrupted; then ask in
        whoever is planned. Nobody is asked into a room that may turn out to be made twice."""
        room = await self._made(plan)
        if plan.invite:
            here = await self._here(room)
            for user in plan.invite:
                if user not in here:
                    await self.invite(room, user, direct=plan.direct)
        await self._rooms.state(room)
        return room

    async def _made(self, plan: RoomPlan) -> str:
        """Looked for before each attempt: one that was answered by an error may have succeeded.
        Of several the first is taken, and the others are left."""
        body = {
            "name": plan.name,
            "is_direct": plan.direct,
            "preset": "private_chat",
            "visibility": "private",
            "creation_content": {"m.federate": True},
            "power_level_content_override": _POWER,
            "initial_state": _initial_state(plan.marker),
        }
        growing, failed = pauses(), 0
        while not (found := await self._find(plan.marker)):
            try:
                answer = await self._wire.call("POST", path("createRoom"), body=body, tries=1)
            except NotYet as fault:
                failed += 1
                if plan.direct and failed == FEW:  # somebody's own: nobody else waits for it
                    raise
                await self._wire.sleep(next(growing) if fault.pause is None else fault.pause)
            else:
                if not failed:
                    return str(answer["room_id"])
        for orphan in found[1:]:
            await self.leave(orphan)
        return found[0]

    async def _find(self, marker: str) -> list[str]:
        """The rooms with that marker, in the order of their ids: always the same one first."""
        joined = await self._wire.call("GET", path("joined_rooms"))
        found = []
        for room in joined.get("joined_rooms", []):
            where = path("rooms", room, "state", MARKER, "")
            try:
                state = await self._wire.call("GET", where)
            except MatrixRefused:
                continue
            if state.get("marker") == marker:
                found.append(str(room))
        return sorted(found)

    async def join(self, room: str) -> None:
        """Accept an invitation; being there already is no error."""
        await self._wire.call("POST", path("join", room), body={})
        self._rooms.moved(room, [{}])

    async def leave(self, room: str) -> None:
        """Leave; not being there is no error."""
        await self._member_act(room, "leave", self._us, wanted=False)

    async def invite(self, room: str, user: str, *, direct: bool = False) -> None:
        """Invite, unless the user is in or invited; `direct` tells their client that the room is
        for the two of us."""
        await self._member_act(room, "invite", user, wanted=True, direct=direct)

    async def remove(self, room: str, user: str) -> None:
        """Remove, unless the user is not there; an invitation is taken back."""
        await self._member_act(room, "kick", user, wanted=False)

    async def mend(self, room: str, fault: Fault, name: str, keep: Collection[str]) -> None:
        """Set the state event that puts a fault right, unless it is so already."""
        found = cure(fault, await self._rooms.state(room, anew=True), self._us, name, keep)
        if found is not None:
            type_, inside = found
            await self._wire.call("PUT", path("rooms", room, "state", type_, ""), body=inside)
            self._rooms.moved(room, [{}])

    async def _member_act(
        self, room: str, act: str, user: str, *, wanted: bool, direct: bool = False
    ) -> None:
        """Do it, `NotYet` if it alone fails; a refusal counts only while the room is not yet as
        wanted. Only the state event itself can say that an invitation is to a direct room."""
        try:
            if direct:
                inside: Json = {"membership": "invite", "is_direct": True}
                where = path("rooms", room, "state", "m.room.member", user)
                await self._wire.call("PUT", where, body=inside, tries=FEW)
            elif act == "leave":
                await self._wire.call("POST", path("rooms", room, act), body={})
            else:
                body = {"user_id": user}
                await self._wire.call("POST", path("rooms", room, act), body=body, tries=FEW)
        except MatrixRefused:
            if await self._present(room, user) is not wanted:
                raise
        self._rooms.moved(room, [{}])

    async def _present(self, room: str, user: str) -> bool:
        try:
            return user in await self._here(room)
        except MatrixRefused:
            if user == self._us:
                return False
            raise

    async def _here(self, room: str) -> frozenset[str]:
        """Who is in the room or invited."""
        state = index(await self._wire.call_list("GET", path("rooms", room, "state")))
        return members(state, "join") | members(state, "invite")

    async def direct_rooms(self) -> Json:
        """Our account data `m.direct`: which rooms are direct ones."""
        try:
            return await self._wire.call("GET", self._account_data())
        except MatrixRefused:
            return {}

    async def flag_direct(self, room: str, user: str) -> Json:
        """Note a room as a direct one with the user; the whole list afterwards."""
        known = await self.direct_rooms()
        listed = known.get(user)
        rooms = listed if isinstance(listed, list) else []
        if room in rooms:
            return known
        known = {**known, user: [*rooms, room]}
        await self._wire.call("PUT", self._account_data(), body=known)
        return known

    def _account_data(self) -> str:
        return path("user", self._us, "account_data", "m.direct")


def _initial_state(marker: str) -> list[dict[str, Any]]:
    state = {
        "m.room.encryption": {"algorithm": MEGOLM},
        "m.room.history_visibility": {"history_visibility": "joined"},
        "m.room.guest_access": {"guest_access": "forbidden"},
        "m.room.join_rules": {"join_rule": "invite"},
        MARKER: {"marker": marker},
    }
    return [{"type": type_, "state_key": "", "content": inside} for type_, inside in state.items()]


def invited_directly(state: Any, us: str) -> bool:
    """Whether our membership says that the room was made as a direct one."""
    event = state.get(("m.room.member", us), {})
    before = (event.get("unsigned") or {}).get("prev_content") or {}
    return content(state, "m.room.member", us).get("is_direct") is True or (
        before.get("is_direct") is True
    )
