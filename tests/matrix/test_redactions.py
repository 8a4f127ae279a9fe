"""What a redaction empties is known in every room version."""

from pathlib import Path
from typing import Any

import pytest

from bot.matrix.door import Hearing
from tests.matrix.parts import ROOM, Parts


@pytest.mark.parametrize("beside", [{"redacts": "$poll"}, {}])
@pytest.mark.parametrize("inside", [{"redacts": "$poll"}, {"reason": "x"}])
def test_a_redaction_names_what_it_empties(
    tmp_path: Path, beside: dict[str, Any], inside: dict[str, Any]
) -> None:
    """Beside its content up to version 10, inside it from 11 on; servers may write both."""
    raw = {
        "event_id": "$redaction",
        "type": "m.room.redaction",
        "sender": "@clb:a.test",
        "origin_server_ts": 1,
        "content": inside,
        **beside,
    }
    event = Parts(tmp_path).opener.event(ROOM, raw)
    assert event is not None
    assert event.hearing is Hearing.CLEAR
    wanted = "$poll" if beside or "redacts" in inside else None
    assert event.content.get("redacts") == wanted
