"""What people call the column of texts and the column of labels, in several languages.

Data only. Names are compared in lower case, without accents, with one space for whatever stands between words; of a
name of several words ("customer_message", "ticket-category") one that is known is enough, unless another one says that
it is something else ("text_id"). The decision to question: words that name other things as often ("title", "status")
count only where nothing better does, and those that are labels themselves ("spam", "question") never make a header.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from plaudit.data.column_facts import count_wide

# In order of preference: the first of these that a file has is taken.
TEXT_NAMES = (
    "text", "review", "review text", "review body", "sentence", "content", "comment", "message", "body", "document",
    "tweet", "utterance", "question", "description", "texts", "sms", "post", "feedback", "complaint", "email body",
    "mail", "article", "headline", "passage", "paragraph", "query", "prompt", "statement", "opinion", "remark",
    "remarks", "note", "notes", "transcript", "verbatim", "ticket", "abstract", "summary", "title", "subject",
    "nachricht", "nachrichten", "kommentar", "bewertung", "bewertungstext", "beschreibung", "inhalt", "satz", "frage",
    "anfrage", "rezension", "beitrag", "meldung",  # German
    "texte", "avis", "commentaire", "phrase", "contenu", "critique", "temoignage", "demande",  # French
    "texto", "comentario", "mensaje", "opinion del cliente", "resena", "contenido", "oracion", "frase", "pregunta",
    "queja", "descripcion",  # Spanish
    "testo", "recensione", "commento", "messaggio", "contenuto", "domanda", "descrizione",  # Italian
    "mensagem", "avaliacao", "conteudo", "pergunta", "descricao", "resenha",  # Portuguese
    "tekst", "bericht", "opmerking", "beoordeling", "vraag", "omschrijving", "recensie", "zin",  # Dutch
    "meddelande", "recension", "omdome", "innehall", "fraga",  # Swedish
    "besked", "anmeldelse", "sporgsmal", "melding", "sporsmal",  # Danish, Norwegian
    "teksti", "viesti", "arvostelu", "kommentti",  # Finnish
    "wiadomosc", "komentarz", "recenzja", "opinia", "tresc", "zdanie", "pytanie", "opis",  # Polish
    "zprava", "recenze", "veta", "dotaz",  # Czech
    "metin", "yorum", "mesaj", "cumle", "inceleme", "aciklama",  # Turkish
    "текст", "отзыв", "сообщение", "комментарий", "предложение", "вопрос", "описание",  # Russian
    "文本", "内容", "评论", "正文", "句子", "文章", "消息", "留言", "问题", "文字", "內容", "評論", "訊息", "反馈",
    "意见", "描述",  # Chinese
    "テキスト", "本文", "レビュー", "コメント", "文", "メッセージ", "質問",  # Japanese
    "텍스트", "리뷰", "내용", "문장", "댓글", "메시지", "질문",  # Korean
    "نص", "النص", "تعليق", "رسالة", "مراجعة",  # Arabic
)  # fmt: skip
LABEL_NAMES = (
    "label", "labels", "class", "category", "sentiment", "target", "polarity", "intent", "topic", "rating", "y",
    "stars", "star rating", "tag", "tags", "team", "queue", "department", "classes", "categories", "sentiments",
    "emotion", "emotions", "topics", "intents", "annotation", "annotations", "gold", "gold label", "ground truth",
    "true label", "group", "type", "kind", "status", "priority", "severity", "verdict", "score", "overall", "outcome",
    "is spam", "spam", "subject area", "genre", "section", "product", "reason", "mood", "feeling", "issue type",
    "kategorie", "klasse", "stimmung", "bewertungsklasse", "etikett", "abteilung", "thema", "sterne", "typ",  # German
    "etiquette", "categorie", "classe", "sentiment global", "sujet", "note globale", "equipe", "service", "etoiles",
    "polarite", "theme",  # French
    "etiqueta", "categoria", "clase", "sentimiento", "tema", "polaridad", "equipo", "departamento", "estrellas",
    "calificacion", "emocion",  # Spanish
    "etichetta", "sentimento", "argomento", "reparto", "stelle", "voto", "polarita",  # Italian
    "rotulo", "polaridade", "assunto", "classificacao", "estrelas", "emocao",  # Portuguese
    "onderwerp", "afdeling", "sterren", "gevoel",  # Dutch
    "kategori", "klass", "amne", "avdelning", "stjarnor", "betyg", "etikett namn", "emne", "afdeling",  # Nordic
    "luokka", "aihe", "tunne",  # Finnish
    "etykieta", "kategoria", "klasa", "temat", "nastroj", "ocena", "dzial", "gwiazdki",  # Polish
    "stitek", "trida", "tema dotazu",  # Czech
    "etiket", "sinif", "duygu", "konu", "puan", "yildiz",  # Turkish
    "метка", "класс", "категория", "тональность", "тема", "оценка", "отдел",  # Russian
    "标签", "类别", "分类", "情感", "情绪", "类型", "主题", "意图", "標籤", "類別", "评分", "星级", "部门",  # Chinese
    "ラベル", "カテゴリ", "カテゴリー", "クラス", "感情", "分類", "評価", "トピック", "部署",  # Japanese
    "라벨", "레이블", "분류", "카테고리", "감정", "클래스", "평점",  # Korean
    "تصنيف", "فئة", "التسمية", "المشاعر",  # Arabic
)  # fmt: skip
# Names that mean something else as often: they count where no other name of a text or a label is there.
_WEAK_NAMES = (
    "title", "subject", "summary", "abstract", "headline", "note", "notes", "query", "prompt", "post", "y",
    "group", "type", "kind", "status", "priority", "severity", "score", "overall", "product", "service", "section",
    "reason", "outcome", "department", "genre", "spam", "is spam", "verdict", "typ", "puan", "voto", "ocena", "frage",
    "subject area", "mood", "feeling",
)  # fmt: skip
# Names that stand in columns of labels as well, so that a first row that has one need not be a header.
_LABELS_THEMSELVES = (
    "spam", "product", "service", "complaint", "question", "opinion", "statement", "feedback", "comment", "remark",
    "query", "article", "note", "review", "message", "post", "sms", "mood", "feeling", "reason", "section",
    "frage", "anfrage", "pregunta", "queja", "domanda", "pergunta", "vraag", "fraga", "pytanie", "вопрос", "отзыв",
    "问题", "质问", "質問", "demande", "critique", "avis", "opinia", "yorum", "gold", "group", "y",
)  # fmt: skip
# Words in a name that make it something other than a text or a label.
_OTHER_WORDS = frozenset(
    ("id", "ids", "uuid", "guid", "key", "index", "idx", "no", "nr", "number", "numero", "num", "date", "datum",
     "fecha", "datetime", "time", "zeit", "hora", "timestamp", "created", "updated", "year", "month",
     "day", "url", "uri", "link", "href", "domain", "email", "phone", "telefon", "telephone", "telefono",
     "user", "username", "userid", "author", "autor", "auteur", "name", "lang", "language", "sprache", "langue",
     "idioma", "lingua", "locale", "country", "land", "pays", "pais", "city", "zip", "length", "len", "count", "n",
     "confidence", "probability", "prob", "split", "fold", "path", "file", "filename", "hash", "version", "lat", "lon",
     "latitude", "longitude", "ip", "weight", "price", "age", "дата", "язык", "日期", "时间", "语言", "日付", "言語")
)  # fmt: skip
_COUNTED = ("total", "num", "number", "count", "n", "cancelled", "skipped")  # "total_annotations" counts them
_BETWEEN = re.compile(r"[^\w]+|_+", re.UNICODE)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[^\W\d_])(?=\d+$)")  # reviewText, text2
_UNDECOMPOSED = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"}  # that NFKD leaves whole
)
_MOST_WORDS = 4
_MOST_CHARACTERS = 100
_MOST_WIDE = 10  # characters of a compound in a script without spaces


@functools.lru_cache(maxsize=4 * 16_384)  # each name of a wide table is asked for several times
def plain_name(name: str) -> str:
    """Return a name in lower case, without accents, with one space between words."""
    spaced = _CAMEL.sub(" ", name)
    letters = unicodedata.normalize("NFKD", spaced).casefold().translate(_UNDECOMPOSED)
    without = "".join(letter for letter in letters if unicodedata.category(letter) != "Mn" or ord(letter) > 0x3000)
    return " ".join(_BETWEEN.sub(" ", unicodedata.normalize("NFC", without)).split())


def _ranks(names: Sequence[str]) -> dict[str, int]:
    return {plain_name(name): rank for rank, name in reversed(list(enumerate(names)))}


_TEXT_RANK, _LABEL_RANK = _ranks(TEXT_NAMES), _ranks(LABEL_NAMES)
_KNOWN = frozenset(_TEXT_RANK.keys() | _LABEL_RANK)
_WEAK, _DATA = frozenset(map(plain_name, _WEAK_NAMES)), frozenset(map(plain_name, _LABELS_THEMSELVES))


@dataclass(frozen=True, order=True)
class NameRank:
    """How well a name says what a column is: the lower the better.

    Attributes:
        is_weak: Whether it names other things as often.
        n_further: How many of its words are not known.
        place: Where the known one stands among those of its kind.
        is_last: Not whether the last word is the known one, which says what a compound is.
    """

    is_weak: bool
    n_further: int
    place: int
    is_inside: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether the whole name is known, and means this alone."""
        return not self.is_weak and not self.n_further


def is_other_name(name: str) -> bool:
    """Say whether a name is that of an identifier, a date, an address, a language and the like."""
    words = plain_name(name[:_MOST_CHARACTERS]).split()
    if len(words) > 1 and words[0] in _COUNTED:
        return True
    if " ".join(words) in _KNOWN or len(words) > _MOST_WORDS or "?" in name:
        return False
    return not _ends_in_known(words) and not _OTHER_WORDS.isdisjoint(words)


def _ends_in_known(words: Sequence[str]) -> bool:
    """Say whether what a compound's last word names is a text or a label: a "user message" is a message."""
    return len(words) > 1 and words[-1] in _KNOWN and words[-1] not in _WEAK


def rank_of(name: str, *, of_label: bool) -> NameRank | None:
    """Return how well a name says that a column is the text, or the label; None: not at all.

    A whole name that is known comes before one of several words of which one is known.
    """
    if len(name) > _MOST_CHARACTERS:
        return None
    known, others = (_LABEL_RANK, _TEXT_RANK) if of_label else (_TEXT_RANK, _LABEL_RANK)
    plain = plain_name(name)
    if plain in known:
        return NameRank(plain in _WEAK, 0, known[plain])
    words = plain.split()
    if len(words) == 1 and count_wide(plain) == len(plain):  # 问题类别: what ends a compound says what it is
        ends = [each for each in known if 1 < len(each) < len(plain) <= _MOST_WIDE and plain.endswith(each)]
        return min((NameRank(each in _WEAK, 1, known[each]) for each in ends), default=None)
    if len(words) > 1 and words[0] in _COUNTED:
        return None
    others_among = set(words) & _OTHER_WORDS - ({"name"} if of_label else set())  # but "class name" is a class
    if not 1 < len(words) <= _MOST_WORDS or (others_among and not _ends_in_known(words)):
        return None
    parts = [*(" ".join(words[i : i + 2]) for i in range(len(words) - 1)), *words]
    found = [
        NameRank(part in _WEAK, len(words) - len(part.split()), known[part], is_inside=not plain.endswith(part))
        for part in parts
        if part in known and len(part) > 1
    ]
    if not found:
        return None
    best = min(found)
    is_other = best.is_inside and words[-1] in others and words[-1] not in known  # "text class" is a class
    return None if is_other else best


def is_known_name(name: str) -> bool:
    """Say whether a name is one of a text or a label."""
    return rank_of(name, of_label=False) is not None or rank_of(name, of_label=True) is not None


def is_whole_name(name: str) -> bool:
    """Say whether a name is as a whole one of a text or a label: "review text", and not "my review text"."""
    plain = plain_name(name[:_MOST_CHARACTERS])
    return plain in _TEXT_RANK or plain in _LABEL_RANK


def is_header(names: Sequence[str]) -> bool:
    """Say whether a row names columns: it has a name that data hardly ever have, or those of a text and of a label."""
    if any(is_known_name(name) and plain_name(name) not in _DATA for name in names):
        return True
    texts = [i for i, name in enumerate(names) if rank_of(name, of_label=False)]
    return any(i != j for j, name in enumerate(names) if rank_of(name, of_label=True) for i in texts)
