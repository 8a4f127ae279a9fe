"""`python -m locales`: English is the source; its catalogue repeats it."""

from pathlib import Path

from babel.messages.pofile import read_po, write_po

PATH = Path(__file__).parent / "en" / "LC_MESSAGES" / "messages.po"


def main() -> None:
    with PATH.open("rb") as file:
        english = read_po(file, locale="en")
    for message in english:
        if message.id:
            message.string = message.id
    with PATH.open("wb") as file:
        write_po(file, english, omit_header=False, sort_output=True)


if __name__ == "__main__":
    main()
