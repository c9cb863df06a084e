"""Who hears how far slow work has come."""

import threading

import pytest

from plaudit.progress import tell, telling, telling_part


def test_only_who_listens_hears() -> None:
    heard: list[tuple[int, float]] = []
    tell(3, 0.1)
    with telling(lambda n, share: heard.append((n, share))):
        tell(3, 0.2)
        thread = threading.Thread(target=tell, args=(3, 0.3))  # another thread's work is not ours
        thread.start()
        thread.join()
    tell(3, 1.0)
    assert heard == [(3, 0.2)]


def test_a_part_is_told_as_one_of_the_whole() -> None:
    heard: list[tuple[int, float]] = []
    with telling_part(0, 1, 2):
        tell(1, 1.0)  # nobody listens
    with telling(lambda n, share: heard.append((n, share))):
        for start, end in ((0, 30), (30, 40)):
            with telling_part(start, end, 40):
                tell(end - start, 0.5)
                tell(end - start, 1.0)
        tell(7, 1.0)
    assert heard == [(40, 15 / 40), (40, 30 / 40), (40, 35 / 40), (40, 1.0), (7, 1.0)]


def test_an_error_ends_listening() -> None:
    heard: list[float] = []
    with pytest.raises(ValueError, match="x"), telling(lambda n, share: heard.append(share)):
        raise ValueError("x")
    tell(1, 1.0)
    assert heard == []
