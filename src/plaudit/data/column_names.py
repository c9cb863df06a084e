"""What people call the column of texts and the column of labels, in several languages.

Data only. Names are compared in lower case, without accents, with one space for whatever stands between words; of a
name of several words ("customer_message", "ticket-category") one that is known is enough, unless another one says that
it is something else ("text_id").
"""

from __future__ import annotations

import re
import unicodedata

# In order of preference: the first of these that a file has is taken.
TEXT_NAMES = (
    "text", "review", "review text", "review body", "sentence", "content", "comment", "message", "body", "document",
    "tweet", "utterance", "question", "description", "texts", "sms", "post", "feedback", "complaint", "email body",
    "mail", "article", "headline", "passage", "paragraph", "query", "prompt", "statement", "opinion", "remark",
    "remarks", "note", "notes", "transcript", "verbatim", "abstract", "summary", "title", "subject",
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
    "文本", "内容", "评论", "正文", "句子", "文章", "消息", "留言", "问题", "文字", "內容", "評論", "訊息",  # Chinese
    "テキスト", "本文", "レビュー", "コメント", "文", "メッセージ", "質問",  # Japanese
    "텍스트", "리뷰", "내용", "문장", "댓글", "메시지", "질문",  # Korean
    "نص", "النص", "تعليق", "رسالة", "مراجعة",  # Arabic
)  # fmt: skip
LABEL_NAMES = (
    "label", "labels", "class", "category", "sentiment", "target", "polarity", "intent", "topic", "rating", "y",
    "stars", "star rating", "tag", "tags", "team", "queue", "department", "classes", "categories", "sentiments",
    "emotion", "emotions", "topics", "intents", "annotation", "annotations", "gold", "gold label", "ground truth",
    "true label", "group", "type", "kind", "status", "priority", "severity", "verdict", "score", "overall", "outcome",
    "is spam", "spam", "toxic", "subject area", "genre", "section", "product", "reason", "airline sentiment",
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
    "标签", "类别", "分类", "情感", "情绪", "类型", "主题", "意图", "標籤", "類別", "评分", "星级",  # Chinese
    "ラベル", "カテゴリ", "カテゴリー", "クラス", "感情", "分類", "評価", "トピック",  # Japanese
    "라벨", "레이블", "분류", "카테고리", "감정", "클래스", "평점",  # Korean
    "تصنيف", "فئة", "التسمية", "المشاعر",  # Arabic
)  # fmt: skip
# Words in a name that make it something else than a text or a label.
_OTHER_WORDS = frozenset(
    ("id", "ids", "uuid", "guid", "key", "index", "idx", "no", "nr", "number", "date", "datum", "fecha", "time",
     "timestamp", "created", "updated", "url", "uri", "link", "email", "phone", "user", "username",
     "author", "autor", "name", "lang", "language", "sprache", "langue", "idioma", "lingua", "locale", "country",
     "length", "len", "count", "n", "confidence", "probability", "prob", "split", "fold", "path", "file", "filename",
     "hash", "version", "lat", "lon", "ip", "weight", "price")
)  # fmt: skip
_BETWEEN = re.compile(r"[^\w]+|_+", re.UNICODE)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_MOST_WORDS = 4
_TEXT_RANK = {name: rank for rank, name in enumerate(TEXT_NAMES)}
_LABEL_RANK = {name: rank for rank, name in enumerate(LABEL_NAMES)}


def plain_name(name: str) -> str:
    """Return a name in lower case, without accents, with one space between words."""
    spaced = _CAMEL.sub(" ", name)
    letters = unicodedata.normalize("NFKD", spaced).casefold()
    without = "".join(letter for letter in letters if unicodedata.category(letter) != "Mn" or ord(letter) > 0x3000)
    return _BETWEEN.sub(" ", unicodedata.normalize("NFC", without)).strip()


def is_other_name(name: str) -> bool:
    """Say whether a name is that of an identifier, a date, an address, a language and the like."""
    return any(word in _OTHER_WORDS for word in plain_name(name).split())


def rank_of(name: str, *, of_label: bool) -> tuple[int, int] | None:
    """Return how well a name says that a column is the text, or the label: the lower the better; None: not at all.

    A whole name that is known comes before one of several words of which one is known.
    """
    known = _LABEL_RANK if of_label else _TEXT_RANK
    plain = plain_name(name)
    if plain in known:
        return (0, known[plain])
    words = plain.split()
    others = set(words) & _OTHER_WORDS
    if not 1 < len(words) <= _MOST_WORDS or others - ({"name"} if of_label else set()):  # "class name" is a class
        return None
    pairs = [" ".join(words[i : i + 2]) for i in range(len(words) - 1)]
    found = [known[part] for part in (*pairs, *words) if part in known and len(part) > 1]
    return (1, min(found)) if found else None


def is_known_name(name: str) -> bool:
    """Say whether a name is one of a text or a label: what a header has, and data hardly ever."""
    return rank_of(name, of_label=False) is not None or rank_of(name, of_label=True) is not None
