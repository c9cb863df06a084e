"""`plaudit doctor`: what this installation has, and what it lacks."""

from __future__ import annotations

from plaudit.app.errors_as_lines import errors_as_lines


@errors_as_lines
def doctor() -> None:
    """Look at this installation: versions, devices, caches, and what is missing with the line that installs it."""
    from plaudit.app.doctor.environment import describe_environment, find_extras
    from plaudit.app.terminal import make_console

    console = make_console()
    for key, value in describe_environment():
        console.print(f"{key:<13} {value}", markup=False)
    for extra in find_extras():
        if extra.missing:
            remedy = f"pip install 'plaudit[{extra.name}]'"
            console.print(f"[{extra.name}]".ljust(14) + f"lacks {', '.join(extra.missing)}: {remedy}", markup=False)
        else:
            has = ", ".join(f"{package} {version}" for package, version in extra.there.items())
            console.print(f"[{extra.name}]".ljust(14) + has, markup=False)
