"""Record a real terminal session as an SVG that shows its lines as they came, and its screen as text.

    python docs/site/recording.py docs/images/session.svg

The session runs `SESSION` in tmux, on tickets that `tickets` makes up. What stands on the screen at the end is drawn; a
line appears when it first stood there, and waits longer than `_LONGEST_S` are cut to that. Nothing is edited.
"""

from __future__ import annotations

import csv
import html
import os
import random
import re
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

SESSION = (
    "head -n 3 tickets.csv",
    "plaudit train tickets.csv",
    'plaudit predict models/tickets-ngram "I was charged twice this month"',
)
WIDTH, HEIGHT = 108, 54
_PANE = "plaudit-recording"
_LONGEST_S, _LOOK_S, _MOST_S = 1.2, 0.25, 300.0
_LETTER, _LINE, _MARGIN = 7.8, 18, 14  # of 13-pixel monospace, in pixels
_COLOURS = {30: "#5b6168", 31: "#ff8a80", 32: "#4fd0ac", 33: "#e6c07b", 34: "#56b4e9", 35: "#d2a8ff", 36: "#5fd7d7"}
_CODE = re.compile(r"\x1b\[([\d;]*)m")
_SAID = {
    "billing": (
        "I was charged twice {when}, please refund one of the payments",
        "The invoice for order {n} shows a wrong amount",
        "My card was declined but the money is gone",
        "When do I get the refund for order {n}?",
        "Why is there a fee on my bill {when}?",
    ),
    "delivery": (
        "My parcel has not arrived, it was due {when}",
        "The courier left the box in the rain {when}",
        "Order {n} came damaged, the lid is broken",
        "Can I change the address of order {n}?",
        "Tracking has said the same thing since {when}",
    ),
    "access": (
        "I cannot log in since {when}, the password is refused",
        "The code for order {n} never reaches my phone",
        "My account is locked after the update {when}",
        "How do I change my e-mail address?",
        "Signing in ends with an error {when}",
    ),
}
_OPENINGS = ("", "Hello, ", "Hi there. ", "Good morning, ", "Second try: ", "Please help: ")
_CLOSINGS = ("", " Thanks.", " This is urgent!", " I have been a customer for years.", " Order {n}.")
_WHEN = ("yesterday", "on Monday", "last week", "this month", "two days ago")


def tickets(path: Path, n: int = 600, *, seed: int = 0) -> None:
    """Write made-up messages and the team that each is for; one in twenty has landed at a wrong team."""
    rng = random.Random(seed)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("message", "team"))
        for _ in range(n):
            team = rng.choice(list(_SAID))
            words = rng.choice(_OPENINGS) + rng.choice(_SAID[team]) + "." + rng.choice(_CLOSINGS)
            message = words.format(n=rng.randrange(1000, 9999), when=rng.choice(_WHEN))
            writer.writerow((message, team if rng.random() > 0.05 else rng.choice(list(_SAID))))


def record(folder: Path) -> tuple[list[str], list[float]]:
    """Run the session in a folder; return the last screen's lines with their colour codes, and when each came."""
    frames: list[tuple[float, list[str]]] = []
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    shell = ["env", f"PATH={path}", "PS1=$ ", "TERM=screen-256color", "HISTFILE=/dev/null", "bash", "--norc"]
    size = ["-x", str(WIDTH), "-y", str(HEIGHT)]
    _tmux("new-session", "-d", "-s", _PANE, *size, "-c", str(folder), *shell)
    try:
        began = time.monotonic()
        for number, line in enumerate((*SESSION, "")):
            while time.monotonic() - began < _MOST_S:  # until the prompt waits
                time.sleep(_LOOK_S)
                screen = _tmux("capture-pane", "-p", "-e", "-t", _PANE).rstrip("\n").split("\n")
                frames.append((time.monotonic() - began, screen))
                prompts = [each for each in map(plain, screen) if each.startswith("$")]
                if len(prompts) == number + 1 and prompts[-1] == "$":
                    break
            if line:
                _tmux("send-keys", "-t", _PANE, "-l", line)
                _tmux("send-keys", "-t", _PANE, "Enter")
    finally:
        _tmux("kill-session", "-t", _PANE)
    last = frames[-1][1][:-1]  # without the prompt that waits
    firsts = [next(at for at, screen in frames if i < len(screen) and screen[i] == line) for i, line in enumerate(last)]
    return last, _shortened(firsts)


def _tmux(*words: str) -> str:
    return subprocess.run(["tmux", *words], capture_output=True, text=True, check=True).stdout


def _shortened(times: list[float]) -> list[float]:
    """Return times, ascending, with every wait cut to `_LONGEST_S`."""
    at, before, found = 0.0, 0.0, []
    for when in times:
        at += min(max(when - before, 0.0), _LONGEST_S)
        before = max(before, when)
        found.append(at)
    return found


def plain(line: str) -> str:
    """Return a line without its colour codes."""
    return _CODE.sub("", line).rstrip()


def draw(lines: list[str], times: list[float]) -> str:
    """Return the lines as an SVG in which each appears at its time, the first one from the beginning.

    All stand there at once for who wants no motion, and where nothing moves.
    """
    width, height = round(WIDTH * _LETTER + 2 * _MARGIN), len(lines) * _LINE + 2 * _MARGIN
    rows = [
        f'<text x="{_MARGIN}" y="{_MARGIN + (i + 0.75) * _LINE:.1f}" style="{_comes(at - times[0])}">{body}</text>'
        for i, (line, at) in enumerate(zip(lines, times, strict=True))
        if (body := "".join(_spans(line)))
    ]
    style = (
        "text{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;fill:#e6e7e9;"
        "white-space:pre;animation:come .1s both}.b{font-weight:700}.d{opacity:.7}@keyframes come{from{opacity:0}}"
        "@media(prefers-reduced-motion:reduce){text{animation:none}}"
    )
    said = html.escape("; ".join(SESSION))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img">'
        f'<title>A terminal: {said}</title><style>{style}</style><rect width="100%" height="100%" rx="8" '
        f'fill="#16181b"/>\n' + "\n".join(rows) + "\n</svg>\n"
    )


def _comes(after: float) -> str:
    return f"animation-delay:{after:.2f}s" if after > 0 else "animation:none"


def _spans(line: str) -> Iterator[str]:
    """Yield the pieces of a line in their colours (ECMA-48, "select graphic rendition")."""
    position, bold, dim, colour = 0, False, False, ""
    for match in [*_CODE.finditer(line), None]:
        piece = line[position:].rstrip() if match is None else line[position : match.start()]
        if piece:
            classes = " ".join(["b"] * bold + ["d"] * dim)
            fill = f' fill="{colour}"' if colour else ""
            attributes = (f' class="{classes}"' if classes else "") + fill
            yield f"<tspan{attributes}>{html.escape(piece)}</tspan>" if attributes else html.escape(piece)
        if match is None:
            return
        position = match.end()
        for code in map(int, filter(None, (match[1] or "0").split(";"))):
            if code == 0:
                bold, dim, colour = False, False, ""
            elif code in (1, 2, 22):
                bold, dim = (code == 1, code == 2)
            elif code == 39:
                colour = ""
            else:
                colour = _COLOURS.get(code - 60 if code >= 90 else code, colour)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        tickets(Path(scratch) / "tickets.csv")
        screen, came = record(Path(scratch))
    Path(sys.argv[1]).write_text(draw(screen, came), encoding="utf-8")
    sys.stdout.write("\n".join(map(plain, screen)) + "\n")
    sys.stdout.write(f"wrote {shlex.quote(sys.argv[1])}\n")
