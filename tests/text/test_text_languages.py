"""Languages by script and frequent words, on the first article of the Universal Declaration of Human Rights."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from plaudit.data import Dataset
from plaudit.models.advice import look_at
from plaudit.text.languages import language_name

# United Nations, in the public domain.
ARTICLE = {
    "en": "All human beings are born free and equal in dignity and rights. They are endowed with reason and conscience "
    "and should act towards one another in a spirit of brotherhood.",
    "es": "Todos los seres humanos nacen libres e iguales en dignidad y derechos y, dotados como están de razón y "
    "conciencia, deben comportarse fraternalmente los unos con los otros.",
    "pt": "Todos os seres humanos nascem livres e iguais em dignidade e em direitos. Dotados de razão e de "
    "consciência, devem agir uns para com os outros em espírito de fraternidade.",
    "fr": "Tous les êtres humains naissent libres et égaux en dignité et en droits. Ils sont doués de raison et de "
    "conscience et doivent agir les uns envers les autres dans un esprit de fraternité.",
    "it": "Tutti gli esseri umani nascono liberi ed eguali in dignità e diritti. Essi sono dotati di ragione e di "
    "coscienza e devono agire gli uni verso gli altri in spirito di fratellanza.",
    "de": "Alle Menschen sind frei und gleich an Würde und Rechten geboren. Sie sind mit Vernunft und Gewissen begabt "
    "und sollen einander im Geist der Brüderlichkeit begegnen.",
    "nl": "Alle mensen worden vrij en gelijk in waardigheid en rechten geboren. Zij zijn begiftigd met verstand en "
    "geweten, en behoren zich jegens elkander in een geest van broederschap te gedragen.",
    "sv": "Alla människor är födda fria och lika i värde och rättigheter. De är utrustade med förnuft och samvete och "
    "bör handla gentemot varandra i en anda av broderskap.",
    "pl": "Wszyscy ludzie rodzą się wolni i równi pod względem swej godności i swych praw. Są oni obdarzeni rozumem i "
    "sumieniem i powinni postępować wobec innych w duchu braterstwa.",
    "ru": "Все люди рождаются свободными и равными в своем достоинстве и правах. Они наделены разумом и совестью и "
    "должны поступать в отношении друг друга в духе братства.",
    "ar": "يولد جميع الناس أحراراً متساوين في الكرامة والحقوق. وقد وهبوا عقلاً وضميراً وعليهم أن يعامل بعضهم بعضاً "
    "بروح الإخاء.",
    "hi": "सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता और समानता प्राप्त है।",
    "zh": "人人生而自由，在尊严和权利上一律平等。他们赋有理性和良心，并应以兄弟关系的精神相对待。",
    "ja": "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。",
    "ko": "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다.",
    "el": "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα.",
}  # fmt: skip


def language_of(*texts: str) -> str | None:
    labels = np.arange(len(texts), dtype=np.int32) % 2
    return look_at(Dataset(pa.array(texts, pa.large_string()), labels, ("a", "b"), "x")).language


@pytest.mark.parametrize("code", ARTICLE)
def test_a_few_sentences_tell(code: str) -> None:
    assert language_of(ARTICLE[code], ARTICLE[code].upper()) == code


@pytest.mark.parametrize("text", ["", "!? 12", "xyz abc qwerty zzz", "😀 😀"])
def test_what_tells_nothing_is_no_language(text: str) -> None:
    assert language_of(text, text) is None


def test_most_of_the_texts_decide() -> None:
    assert language_of(*[ARTICLE["de"]] * 5, ARTICLE["en"]) == "de"


def test_languages_have_names_and_others_their_code() -> None:
    assert (language_name("pt"), language_name("qq")) == ("Portuguese", "qq")
