"""What is written as a street address in Dutch, French, German or English (F17, R01)."""

import re

_MONTH = (
    r"(?:jan|feb|f[ée]v|mrt|maa?r|mär|apr|avr|mei|mai|may|juin|jun|juil|jul|aug|ao[uû]|sep|okt|oct"
    r"|nov|dec|déc|dez)\w*"
)
# A number before these counts something, and is nobody's door.
_COUNTED = (
    rf"(?! ?(?i:%|€|(?:x|keer|maal|u|uur|uren|dag(?:en)?|week|weken|maand(?:en)?|jaar|jaren|minuten"
    r"|personen|mensen|jongeren|leerlingen|leden|kinderen|getuigen|euro|procent"
    r"|fois|heures?|h|jours?|semaines?|mois|ans?|années|minutes?|personnes|jeunes|élèves|témoins"
    r"|mal|uhr|stunden?|tagen?|wochen?|monaten?|jahren?|jugendlichen?|schüler|zeugen|prozent"
    r"|times|hours?|days?|weeks?|months?|years?|people|persons|pupils|witnesses|percent"
    rf"|{_MONTH}|(?:op|sur|von|auf|of|out) \d+)(?!\w)))"
)
_HOUSE = (
    r"(?:(?i:n°|nr\.?|no\.?|nummer|numéro) ?)?"
    rf"(?!(?:19|20)\d\d(?!\d))(?<!\d)\d{{1,4}}(?!\d){_COUNTED}"
)
_NAME = r"[A-ZÀ-Þ][\w'-]{0,40}"
_NO_NAME = r"(?!(?:De|Het|Een|Op|In|Aan|Die|Der|Das|Auf|Eine|Diese|Unter|Über|La|Une|The|On)\b)"

# Kerkstraat 12, hauptstr. 5: with its own name before it, so not "op straat 24".
_JOINED = (
    r"\b(?!(?:(?:over|be|ver|aan)dreef|[a-z]{1,40}slaan"
    r"|(?:Aan|Af|Be|Door|In|Neer|Om|Op|Over|Stuk|Terug|Toe|Uit|Ver)slaan)\b)"
    r"(?i:[\w'-]{0,40}[^\W\d_]{2}(?:straat|laan|steenweg|dreef|straße|strasse|gasse|str\.))"
    rf",? {_HOUSE}"
)
# Molenweg 5, Grote Markt 1, Aachener Straße 12, Steenweg op Gent 40
_CAPITAL = (
    r"\b(?!(?:Onderweg|Loopbaan|Autobaan|\w{0,40}erlei|Schoolplein|Speelplein"
    r"|(?:Arbeits|Park|Spiel|Sport)platz)\b)"
    r"[A-ZÀ-Þ][\w'-]{1,40}(?:weg|wegel|baan|plein|lei|kaai|kade|dijk|singel|allee|platz)"
    rf",? {_HOUSE}"
)
_APART = (
    rf"\b{_NO_NAME}{_NAME} (?:Straat|Laan|Steenweg|Dreef|Markt|Plein|Baan|Weg|Lei|Kaai"
    rf"|Straße|Strasse|Str\.|Gasse|Allee|Platz|Street|St\.?|Road|Avenue|Lane|Square),? {_HOUSE}"
    rf"|(?i:\bsteenweg op) {_NAME} {_HOUSE}"
)

# rue de la Station 4, avenue Louise, 12; in small letters only where the name is plain
_OF = r"(?:de la |de l'|du |des |de |d'|la |le |les |l'|aux? )"
_STOP = (
    r"(?!(?:depuis|pendant|vers|avec|dès|avant|après|entre|durant|jusqu|il|elle|on|a|à|est|et|en"
    r"|au|pour|sur|où|le|les)\b)"
)
_MORE = rf"(?:[ -]{_STOP}[\w'.-]{{1,40}}){{0,4}}?"
_FRENCH = (
    r"(?i:\b(?:rue|avenue|av\.|chauss[ée]e|boulevard|bd|blvd|place|all[ée]e|quai|impasse|square"
    rf"|clos|chemin|sentier|dr[èe]ve|venelle|route) (?:{_OF}){{0,2}})"
    rf"{_NAME}{_MORE} ?,? {_HOUSE}"
    rf"|(?i:\b(?:rue|avenue|chauss[ée]e|boulevard) {_OF}){_STOP}[^\W\d_]{{3,}}{_MORE} ?,? {_HOUSE}"
    r"|(?<![\w/.:-])(?!(?:19|20)\d\d)\d{1,4}(?: ?(?:bis|ter|[a-g]))? ?,? "
    rf"(?i:rue|avenue|boulevard|chauss[ée]e|quai|all[ée]e) (?i:{_OF}){{0,2}}[^\W\d_]{{3,}}"
)
_ENGLISH = (
    rf"(?<![\w/.:-])\d{{1,4}}[a-z]?,? (?!(?i:{_MONTH})\b)(?:{_NAME} ){{1,3}}"
    r"(?:Street|St|Road|Rd|Avenue|Ave|Lane|Square|Drive|Terrace|Close|Crescent|Boulevard)\b"
)
_ADDRESS = re.compile("|".join((_JOINED, _CAPITAL, _APART, _FRENCH, _ENGLISH)))


def is_address(text: str) -> bool:
    """Whether a street with the number of a house stands in a normalised text (F17, R01)."""
    return _ADDRESS.search(text) is not None
