"""Tiny encoders with random weights, as Hugging Face folders."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

WORDS = "good fine joy warm bad dull cold grim film the a was not plaudit ##s ##ly ! ? . , ' - [ ] / < >".split()  # noqa: SIM905
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
SMALL = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 24}
CORPUS = ["a good film", "the dull film was not warm", "joy! plaudits, naïve café — 好 🙂", "grim and cold"]


def wordpiece() -> Tokenizer:
    letters = [chr(c) for c in range(97, 123)]
    vocabulary = list(dict.fromkeys([*SPECIAL, *WORDS, *letters, *(f"##{letter}" for letter in letters)]))
    tokenizer = Tokenizer(models.WordPiece({word: i for i, word in enumerate(vocabulary)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.add_special_tokens(SPECIAL)
    tokenizer.enable_truncation(8)  # as many a tokenizer.json asks for
    return tokenizer


def byte_level() -> Tokenizer:
    """RoBERTa's kind."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=300, special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"], show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )  # fmt: skip
    tokenizer.train_from_iterator(CORPUS, trainer)
    tokenizer.post_processor = processors.RobertaProcessing(sep=("</s>", 2), cls=("<s>", 0))
    return tokenizer


def unigram(letters: str = "") -> Tokenizer:
    """XLM-R's kind: pieces that begin with the space before them; it knows the ASCII letters and `letters`."""
    pieces = [
        ("<s>", 0.0),
        ("<pad>", 0.0),
        ("</s>", 0.0),
        ("<unk>", 0.0),
        ("▁", -3.0),
        ("▁film", -2.0),
        ("▁good", -2.0),
    ]
    pieces += [(chr(c), -5.0) for c in range(97, 123)] + [(c, -5.0) for c in letters]
    pieces += [("▁a▁", -2.5)]  # one that spans a word and the space after it
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=3))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(split=False)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    tokenizer.add_special_tokens(["<s>", "<pad>", "</s>", "<unk>"])
    return tokenizer


TOKENIZERS = {"bert": wordpiece, "distilbert": wordpiece, "roberta": byte_level, "xlm-roberta": unigram}
TOKENIZERS["multilingual"] = partial(unigram, "áéíóúñ电影很好坏不，。")


def make(folder: Path, kind: str, *, positions: int = 40, n_layers: int = 2, **settings: Any) -> Path:
    """Write an encoder of a kind; RoBERTa's kinds lose two positions to padding."""
    tokenizer = TOKENIZERS[kind]()
    n = tokenizer.get_vocab_size()
    small = {**SMALL, "num_hidden_layers": n_layers, "vocab_size": n, **settings}
    torch.manual_seed(3)
    model: Any
    if kind == "bert":
        config = transformers.BertConfig(**small, max_position_embeddings=positions, pad_token_id=0)
        model = transformers.BertModel(config)
    elif kind == "distilbert":
        shape = {"dim": 16, "hidden_dim": 24, "n_layers": n_layers, "n_heads": 2}
        model = transformers.DistilBertModel(
            transformers.DistilBertConfig(vocab_size=n, max_position_embeddings=positions, pad_token_id=0, **shape)
        )
    else:
        made = transformers.RobertaConfig if kind == "roberta" else transformers.XLMRobertaConfig
        config = made(**small, max_position_embeddings=positions + 2, type_vocab_size=1, pad_token_id=1)
        model = transformers.AutoModel.from_config(config)
    folder.mkdir(parents=True, exist_ok=True)
    state = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    from safetensors.torch import save_file

    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps({**model.config.to_dict(), "architectures": [type(model).__name__]}))
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder
