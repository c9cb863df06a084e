"""FarmHash's Fingerprint64 of a column; that it equals TensorFlow's on random text is in test_tfhub_tensorflow.py."""

import pyarrow as pa
import pytest

from plaudit.text.farmhash import fingerprint64

# tf.strings.to_hash_bucket_fast(token, 2**62) of TensorFlow 2.21, one token a length class and its edges.
GOLDEN = {
    "": 1_936_946_117_179_621_455,
    "a": 3_694_432_073_954_588_131,
    "ab": 3_066_228_220_894_225_694,
    "abc": 2_640_714_258_260_161_385,
    "abcd": 1_897_425_971_756_105_985,
    "abcdefg": 4_341_691_227_789_030_229,
    "abcdefgh": 4_533_385_575_889_643_785,
    "unbelievable": 326_732_978_933_825_554,
    "abcdefghijklmnop": 1_469_030_743_107_030_717,
    "abcdefghijklmnopq": 2_171_023_947_900_359_592,
    "supercalifragilisticexpialidocio": 3_496_734_054_885_513_980,
    "s" * 33: 1_151_886_116_726_274_195,
    "t" * 64: 4_380_170_427_535_189_554,
    "u" * 65: 2_057_610_113_469_281_983,
    "v" * 128: 532_160_357_238_205_671,
    "w" * 129: 31_054_688_630_494_067,
    "x" * 200: 103_930_210_689_786_815,
    "naïve": 1_795_312_777_587_107_425,
    "日本語": 1_846_174_170_784_512_071,
    "🎬🎬🎬": 1_483_689_005_021_538_643,
}


def column(*tokens: str) -> pa.LargeStringArray:
    return pa.array(tokens, pa.large_string())


def test_equals_what_tensorflow_gives_in_every_length_class() -> None:
    found = fingerprint64(column(*GOLDEN)) % (1 << 62)
    assert dict(zip(GOLDEN, found.tolist(), strict=True)) == GOLDEN


def test_a_token_hashes_alike_alone_and_among_others() -> None:
    together = fingerprint64(column(*GOLDEN)).tolist()
    assert [fingerprint64(column(token)).tolist()[0] for token in GOLDEN] == together


def test_a_slice_of_a_column_is_its_tokens() -> None:
    whole = column(*GOLDEN)
    assert fingerprint64(whole.slice(3, 5)).tolist() == fingerprint64(whole).tolist()[3:8]


@pytest.mark.parametrize("tokens", [(), ("",), ("", "")])
def test_nothing_to_hash(tokens: tuple[str, ...]) -> None:
    assert len(fingerprint64(column(*tokens))) == len(tokens)
