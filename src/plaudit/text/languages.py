"""Which language texts are in: by their script, and where several languages share it by their most frequent words.

Enough to say that a model made for English would read something else, and what; no more is asked of it. Function words
carry a fifth or more of running text whatever it is about, so a few hundred words of text decide. The decision to
question: no package is taken for it. Those that name a hundred languages from a few words bring models of megabytes,
and here thousands of texts of one language are looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

# ISO 639-1: the name, the script, and words that carry sentences whatever they are about.
_WORDS = {
    "en": "the and of to is in it that was for with this you are on have i a my me what not be at do how",
    "es": "de la que el en y a los se del las un por con no una su para es al lo como más pero me sus le ya este",
    "pt": "de a o que e do da em um para é com não uma os no se na por mais as dos como mas foi ao ele das tem à seu",
    "fr": "de la le et les des en un du une que est pour qui dans a par plus pas au sur ne se il ce je avec c'est",
    "it": "di e il la che in a per un è del non sono una della si con le da al dei nel come più anche ma lo mi ho",
    "de": "der die und in den von zu das mit sich des auf für ist im dem nicht ein eine als auch es an ich sie wie",
    "nl": "de en het van ik te dat die in een hij niet zijn is was op aan met als voor er maar om je dan ook wat bij",
    "sv": "och i att det som en på är av för med den till inte har om ett men jag var så kan från han de vi mig",
    "da": "og i at det er en til af på for med der den de som ikke har jeg om et men var han vi kan fra så mig",
    "no": "og i det er en til på for av med at som den har de ikke om et men jeg var han vi kan fra så meg etter",
    "fi": "ja on ei se että oli hän mutta ovat kuin niin mitä tämä olen joka minä ole kun sen tai jos myös vain",
    "pl": "w i na z do nie się to że jest o jak po co ale od za przez dla tak są być czy tego już tylko mnie",
    "cs": "a v se na je že to s o z do i jako ale pro by k tak za jsou jsem které po si ve není jen když než",
    "ro": "de și în a la cu pe nu o că se un mai este din care pentru sunt au am ce fi dar ca după să al",
    "hu": "a az és hogy nem is egy ez azt meg volt van de ha csak mint már még ki vagy el lesz én minden",
    "tr": "ve bir bu da de için ile çok o ben ne gibi ama daha var mi olan kadar olarak en sonra değil her ya",
    "id": "yang dan di dari ini itu untuk dengan tidak pada dalam adalah akan saya juga ke ada bisa aku kamu oleh",
    "vi": "là và của có không được cho một trong người với các này đã tôi những khi đến như từ cũng thì ở",
    "ru": "и в не на что я с он а как это по но из у к за то все так его от для о мы же вы был бы",
    "uk": "і в не на що з у та до як це я за й від але про його для є він по так був ти ми які",
    "bg": "и на да в не се за от е с са че по му като си това ще при до но го има към ли ми ще",
    "ar": "في من على إلى أن عن مع هذا ما لا التي كان هذه ذلك هو لم الذي كل بعد و يا أو إن انا",
    "fa": "و در به از که این را با است برای آن یک هم تا می بود شده کرد خود بر هر من اما نیست",
    "ur": "کے میں کی ہے اور سے کا کو اس نے ہیں پر یہ کہ بھی ایک نہیں تو ہو وہ گیا کیا تھا جو",
    "hi": "के है में की और से का को पर यह हैं कि एक भी ने नहीं तो हो इस था कर वह लिए मैं",
    "mr": "आहे आणि या ते हे तो मी नाही का की होते होता ही एक पण व त्या आहेत",
}  # fmt: skip
# More of them, which tell no languages apart: what lists of words that weigh most leave out.
_FURTHER = {
    "en": "an as at but by from he her his if into its just or our she so than their them there they then these those"
    " us very was we were been being had has did does will would could should can which who whom whose when where while"
    " also about only up out over some any all more most other such own too again here one i'm it's don't n't 's",
}
_SCRIPTS = {
    "Cyrillic": ("ru", "uk", "bg"), "Arabic": ("ar", "fa", "ur"), "Devanagari": ("hi", "mr"),
    "Han": ("zh",), "Hiragana": ("ja",), "Katakana": ("ja",), "Hangul": ("ko",), "Thai": ("th",), "Greek": ("el",),
    "Hebrew": ("he",), "Armenian": ("hy",), "Georgian": ("ka",), "Bengali": ("bn",), "Tamil": ("ta",),
    "Telugu": ("te",), "Kannada": ("kn",), "Malayalam": ("ml",), "Gujarati": ("gu",), "Sinhala": ("si",),
    "Khmer": ("km",), "Lao": ("lo",), "Myanmar": ("my",), "Ethiopic": ("am",), "Tibetan": ("bo",),
}  # fmt: skip
_OTHERS = {code for codes in _SCRIPTS.values() for code in codes}
_LATIN = tuple(code for code in _WORDS if code not in _OTHERS)
_NAMES = {
    "en": "English", "es": "Spanish", "pt": "Portuguese", "fr": "French", "it": "Italian", "de": "German",
    "nl": "Dutch", "sv": "Swedish", "da": "Danish", "no": "Norwegian", "fi": "Finnish", "pl": "Polish", "cs": "Czech",
    "ro": "Romanian", "hu": "Hungarian", "tr": "Turkish", "id": "Indonesian", "vi": "Vietnamese", "ru": "Russian",
    "uk": "Ukrainian", "bg": "Bulgarian", "ar": "Arabic", "fa": "Persian", "ur": "Urdu", "hi": "Hindi",
    "mr": "Marathi", "zh": "Chinese", "ja": "Japanese", "ko": "Korean", "th": "Thai", "el": "Greek", "he": "Hebrew",
}  # fmt: skip
_KANA = 0.05  # of the letters: with so much of it, Han is Japanese
# Least share of the running words. Of English sets the lists' words are 23 % (text messages) to 40 % (IMDB).
_LEAST = 0.08


def language_name(code: str) -> str:
    """Return a language's English name, or the code itself where it has none here."""
    return _NAMES.get(code, code)


def function_words(code: str | None) -> list[str]:
    """Return words of a language that carry sentences whatever they are about, in lower case; of an unknown one none.

    "no" and "not" and their like are among them: whoever leaves such words out looks first whether they matter.
    """
    return f"{_WORDS.get(code or '', '')} {_FURTHER.get(code or '', '')}".split()


def guess_language(words: pa.LargeStringArray, counts: NDArray[np.int64], scripts: Mapping[str, float]) -> str | None:
    """Return the ISO 639-1 code of the language that most of the texts are in; None where nothing tells.

    Args:
        words: Arrow ``large_string`` [V], distinct words in lower case.
        counts: int64 [V], how often each occurs.
        scripts: Share of the letters by script, as `script_shares` says.
    """
    if not scripts:
        return None
    if scripts.get("Hiragana", 0) + scripts.get("Katakana", 0) >= _KANA:
        return "ja"
    script = max(scripts, key=scripts.__getitem__)
    candidates = _LATIN if script == "Latin" else _SCRIPTS.get(script, ())
    if len(candidates) < 2:  # its script says it
        return candidates[0] if candidates else None
    shares = {code: _share(words, counts, _WORDS[code]) for code in candidates}
    best = max(shares, key=shares.__getitem__)
    return best if shares[best] >= _LEAST else None


def _share(words: pa.LargeStringArray, counts: NDArray[np.int64], known: str) -> float:
    is_known = pc.is_in(words, value_set=pa.array(known.split(), pa.large_string())).to_numpy(zero_copy_only=False)
    return float(counts @ is_known) / max(1, int(counts.sum()))
