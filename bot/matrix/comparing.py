"""One verification from the first word to the last: the protocol, its messages, our person."""

import asyncio

from bot.matrix.agreement import Party
from bot.matrix.exchange import Exchange, Heard
from bot.matrix.sas import Message, Sas
from bot.matrix.talk import NotVerified, Talk
from bot.matrix.trust import Person

START_AFTER = 10.0  # seconds after which we start, if whoever asked does not


class Comparison:
    """Brings an exchange to its end: returns when both sides have verified each other."""

    def __init__(
        self, exchange: Exchange, us: Party, person: Person, talk: Talk, start_after: float
    ) -> None:
        self._exchange = exchange
        self._us = us
        self._person = person
        self._talk = talk
        self._start_after = start_after

    async def answer(self, request: Heard) -> None:
        """They have asked: accept, and leave the start to them for a while."""
        sas = self._sas(request.device)
        await self._exchange.accept(self._us.device_id)
        await self._talk.wait(asked=False)
        await self._compare(sas)

    async def await_ready(self) -> None:
        """We have asked: the first of their devices to accept is the one, and we start."""
        await self._talk.wait(asked=True)
        while True:
            item = await self._exchange.next()
            if isinstance(item, Heard) and item.kind == "ready":
                break
        await self._exchange.settle(item.device)
        sas = self._sas(item.device)
        await self._exchange.send_all(sas.start())
        await self._compare(sas)

    def _sas(self, device: str) -> Sas:
        exchange = self._exchange
        return Sas(self._us, _at(self._person, device), exchange.name[2], exchange.reference)

    async def _compare(self, sas: Sas) -> None:
        answer: asyncio.Task[bool] | None = None
        try:
            while not sas.finished:
                await self._exchange.send_all(await self._step(sas))
                if sas.string is not None and answer is None:
                    answer = asyncio.create_task(self._talk.compare(sas.string))
                    answer.add_done_callback(self._exchange.inbox.put_nowait)
        finally:
            if answer is not None:
                answer.cancel()

    async def _step(self, sas: Sas) -> list[Message]:
        """What is to be said to what comes next; a start, if nothing comes."""
        try:
            async with asyncio.timeout(self._start_after if sas.idle else None):
                item = await self._exchange.next()
        except TimeoutError:
            return sas.start()
        if isinstance(item, Heard):
            return sas.receive(item.kind, item.content)
        return sas.answer(same=item.result())


def _at(person: Person, device: str) -> Party:
    """Somebody at one of the devices that their identity has signed."""
    for one in person.signed:
        if one.device_id == device:
            return Party(person.user_id, device, one.ed25519, person.master_key or "")
    raise NotVerified("unsigned_device")
