"""The emoji of a verification, by number, with their names.

As the specification gives them ("SAS method: emoji"), so that everybody reads the same names as in
their client.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Emoji:
    """`names`: by language."""

    symbol: str
    names: dict[str, str]


_TABLE = """\
🐶|Dog|Hond|Chien|Hund
🐱|Cat|Kat|Chat|Katze
🦁|Lion|Leeuw|Lion|Löwe
🐎|Horse|Paard|Cheval|Pferd
🦄|Unicorn|Eenhoorn|Licorne|Einhorn
🐷|Pig|Varken|Cochon|Schwein
🐘|Elephant|Olifant|Éléphant|Elefant
🐰|Rabbit|Konijn|Lapin|Hase
🐼|Panda|Panda|Panda|Panda
🐓|Rooster|Haan|Coq|Hahn
🐧|Penguin|Pinguïn|Manchot|Pinguin
🐢|Turtle|Schildpad|Tortue|Schildkröte
🐟|Fish|Vis|Poisson|Fisch
🐙|Octopus|Octopus|Poulpe|Oktopus
🦋|Butterfly|Vlinder|Papillon|Schmetterling
🌷|Flower|Bloem|Fleur|Blume
🌳|Tree|Boom|Arbre|Baum
🌵|Cactus|Cactus|Cactus|Kaktus
🍄|Mushroom|Paddenstoel|Champignon|Pilz
🌏|Globe|Wereldbol|Globe|Globus
🌙|Moon|Maan|Lune|Mond
☁️|Cloud|Wolk|Nuage|Wolke
🔥|Fire|Vuur|Feu|Feuer
🍌|Banana|Banaan|Banane|Banane
🍎|Apple|Appel|Pomme|Apfel
🍓|Strawberry|Aardbei|Fraise|Erdbeere
🌽|Corn|Maïs|Maïs|Mais
🍕|Pizza|Pizza|Pizza|Pizza
🎂|Cake|Taart|Gâteau|Kuchen
❤️|Heart|Hart|Cœur|Herz
😀|Smiley|Smiley|Sourire|Lächeln
🤖|Robot|Robot|Robot|Roboter
🎩|Hat|Hoed|Chapeau|Hut
👓|Glasses|Bril|Lunettes|Brille
🔧|Spanner|Moersleutel|Clé à molette|Schraubenschlüssel
🎅|Santa|Kerstman|Père Noël|Weihnachtsmann
👍|Thumbs Up|Duim omhoog|Pouce en l’air|Daumen Hoch
☂️|Umbrella|Paraplu|Parapluie|Regenschirm
⌛|Hourglass|Zandloper|Sablier|Sanduhr
⏰|Clock|Wekker|Réveil|Uhr
🎁|Gift|Geschenk|Cadeau|Geschenk
💡|Light Bulb|Gloeilamp|Ampoule|Glühbirne
📕|Book|Boek|Livre|Buch
✏️|Pencil|Potlood|Crayon|Bleistift
📎|Paperclip|Papierklemmetje|Trombone|Büroklammer
✂️|Scissors|Schaar|Ciseaux|Schere
🔒|Lock|Slot|Cadenas|Schloss
🔑|Key|Sleutel|Clé|Schlüssel
🔨|Hammer|Hamer|Marteau|Hammer
☎️|Telephone|Telefoon|Téléphone|Telefon
🏁|Flag|Vlag|Drapeau|Flagge
🚂|Train|Trein|Train|Zug
🚲|Bicycle|Fiets|Vélo|Fahrrad
✈️|Aeroplane|Vliegtuig|Avion|Flugzeug
🚀|Rocket|Raket|Fusée|Rakete
🏆|Trophy|Trofee|Trophée|Pokal
⚽|Ball|Bal|Ballon|Ball
🎸|Guitar|Gitaar|Guitare|Gitarre
🎺|Trumpet|Trompet|Trompette|Trompete
🔔|Bell|Bel|Cloche|Glocke
⚓|Anchor|Anker|Ancre|Anker
🎧|Headphones|Koptelefoon|Casque audio|Kopfhörer
📁|Folder|Map|Dossier|Ordner
📌|Pin|Duimspijker|Punaise|Stecknadel
"""


def _read(line: str) -> Emoji:
    symbol, en, nl, fr, de = line.split("|")
    return Emoji(symbol, {"nl": nl, "fr": fr, "de": de, "en": en})


EMOJI = tuple(_read(line) for line in _TABLE.splitlines())
