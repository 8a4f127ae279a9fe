"""Whole meetings, as the table would hold them."""

from demo.scene import Scene
from tests.hall import Hall


async def test_two_meetings_from_the_first_word_to_the_last(empty_hall: Hall) -> None:
    scene = Scene(empty_hall)
    await scene.play()
    for line in empty_hall.shown(empty_hall.room):
        print(line)
        print("---")
