"""What the name of an object says about a calibration: the lamps of an arc, a flat, a bias."""

from __future__ import annotations

import re
from typing import Final

_TOKEN: Final = re.compile(r"[a-z]+|\d+(?:\.\d+)?")
_ELEMENT: Final = re.compile(r"hg|ar|ne|he|fe|cu")
_IS_WORD: Final = re.compile(r"\b(?:[Nn]ear|[Aa]rne|[Hh]ear|[Ff]ear)\b")
"""Words that are written as symbols are: ``NeAr`` is a lamp, ``Near`` is none."""
_WORDS: Final = {
    "neon": {"ne"},
    "argon": {"ar"},
    "iron": {"fe"},
    "copper": {"cu"},
    "mercury": {"hg"},
    "helium": {"he"},
}
_LAMP_WORDS: Final = frozenset(
    "lamp lamps comp comps comparison arc arcs cal calib calibration wavelength".split()
)
_SETUP_WORDS: Final = frozenset(
    "red blue mid uv m x s sec l lp lines mm gr grating slit long longslit custom wd syzy old new "
    "gg og rg bg bin spec test focus and plus night day start end before after".split()
)
_GRATINGS: Final = frozenset("400 600 930 1200 1800 2100 2400".split())
# The abbreviations and genitives of the constellations: "Ne Ser", "AR Cas", "CU Virginis".
_CONSTELLATIONS: Final = frozenset(
    "and ant aps aqr aql ara ari aur boo cae cam cnc cvn cma cmi cap car cas cen cep cet cha cir "
    "col com cra crb crv crt cru cyg del dor dra equ eri for gem gru her hor hya hyi ind lac leo "
    "lmi lep lib lup lyn lyr men mic mon mus nor oct oph ori pav peg per phe pic psc psa pup pyx "
    "ret sge sgr sco scl sct ser sex tau tel tri tra tuc uma umi vel vir vol vul "
    "andromedae antliae apodis aquarii aquilae arae arietis aurigae bootis caeli cancri "
    "capricorni carinae cassiopeiae centauri cephei ceti circini columbae coronae corvi crateris "
    "crucis cygni delphini doradus draconis equulei eridani fornacis geminorum gruis herculis "
    "horologii hydrae indi lacertae leonis leporis librae lupi lyncis lyrae monocerotis muscae "
    "normae octantis ophiuchi orionis pavonis pegasi persei phoenicis pictoris piscium puppis "
    "pyxidis reticuli sagittae sagittarii scorpii sculptoris scuti serpentis sextantis tauri "
    "telescopii trianguli tucanae ursae velorum virginis volantis vulpeculae".split()
)
_FLAT_WORDS: Final = frozenset(
    "quartz qtz flat flats domeflat domeflats quartzflat quartzflats quflat qflat lampflat dflat "
    "internalflat iflat qu".split()
)
_BESIDE_FLAT: Final = frozenset("dome lamp lamps internal bulb halogen".split())
_BIAS_WORDS: Final = frozenset("bias biases zero zeros".split())


def lamps_in(name: str) -> tuple[str, ...]:
    """Return the comparison lamps that an object is named after.

    A name is that of an arc if it begins with chemical symbols or names of lamps (``HgArNe``,
    ``Fe 930 red``, ``CuHeAr 600``), and all that follows describes the setup, or a word or grating
    among it does (``Fe_ZZCeti_930_blue``). Stars keep their names: ``Ne Ser``, ``Arcturus``.

    Parameters
    ----------
    name : str
        ``OBJECT``.

    Returns
    -------
    tuple of str
        Of ``HgAr``, ``Ne``, ``Ar``, ``Fe``, ``Cu``, in this order; empty for another object.
    """
    tokens = _tokens(name)
    if _IS_WORD.search(name):
        return ()
    found = [_elements(token) for token in tokens]
    elements = {element for group in found for element in group}
    others = [token for token, group in zip(tokens, found, strict=True) if not group]
    if not elements or not _is_setup(others, begins=bool(found[0])):
        return ()
    return _lamps(elements)


def is_lamp_name(name: str) -> bool:
    """Return whether a name can only be an arc's: of several elements, with a grating or a word.

    ``Fe`` alone could be an object's; ``HgArNe``, ``Fe 930`` or ``Ne lamp`` could not.
    """
    tokens = _tokens(name)
    several = len({element for token in tokens for element in _elements(token)}) > 1
    is_named = any(token in _GRATINGS or _is_lamp_word(token) for token in tokens)
    return bool(lamps_in(name)) and (several or is_named)


def is_flat_name(name: str) -> bool:
    """Return whether an object is named after the lamp of a flat: ``Quartz``, ``Dome Flat``."""
    tokens = _tokens(name)
    if not _FLAT_WORDS & set(tokens):
        return tokens == ["dome"]
    return _is_setup([t for t in tokens if t not in _FLAT_WORDS | _BESIDE_FLAT], begins=True)


def is_bias_name(name: str) -> bool:
    """Return whether an object is named as a bias: ``ZERO``, ``bias 2x2``."""
    return bool(_BIAS_WORDS & set(_tokens(name)))


def _tokens(name: str) -> list[str]:
    return _TOKEN.findall(name.lower())


def _elements(token: str) -> set[str]:
    """Return the elements that a word consists of, without a word for a lamp glued to it."""
    if token in _WORDS:
        return _WORDS[token]
    glued = [token]
    for word in ("lamps", "lamp", "comp", "arcs", "arc"):
        glued += [token.removesuffix(word), token.removeprefix(word)]
    for part in glued:
        found = _ELEMENT.findall(part)
        if part and "".join(found) == part:
            return set(found)
    return set()


def _is_lamp_word(token: str) -> bool:
    return token in _LAMP_WORDS or any(
        token.endswith(word) and _elements(token) for word in ("lamp", "comp", "arc")
    )


def _is_setup(others: list[str], *, begins: bool) -> bool:
    """Return whether the other words of a name describe how a calibration was taken."""
    if any(token in _CONSTELLATIONS - _SETUP_WORDS for token in others):
        return False
    known = _SETUP_WORDS | _LAMP_WORDS
    if all(token in known or token[0].isdigit() for token in others):
        return True
    return begins and any(token in _GRATINGS or token in _LAMP_WORDS for token in others)


def _lamps(elements: set[str]) -> tuple[str, ...]:
    """Return the lamps of elements; the hollow cathodes Fe and Cu are filled with He and Ar."""
    cathodes = elements & {"fe", "cu"}
    if "he" in elements and not cathodes:
        return ()  # there is no such lamp at Goodman: which one was on is not known
    lamps = []
    if "hg" in elements:
        lamps.append("HgAr")
    if "ne" in elements:
        lamps.append("Ne")
    if "ar" in elements and not (cathodes or "hg" in elements):
        lamps.append("Ar")
    lamps += [name for name, element in (("Fe", "fe"), ("Cu", "cu")) if element in cathodes]
    return tuple(lamps)
