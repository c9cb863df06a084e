"""Texts as columns of tokens: every distinct token is processed once."""

from plaudit.text.column import TokenColumn
from plaudit.text.kinds import build_tokenizer
from plaudit.text.tokens import SpaceTokenizer, Tokenizer, WordTokenizer
from plaudit.text.wordpiece import WordPieceTokenizer

__all__ = [
    "SpaceTokenizer",
    "TokenColumn",
    "Tokenizer",
    "WordPieceTokenizer",
    "WordTokenizer",
    "build_tokenizer",
]
