"""``python -m plaudit`` is the command line."""

from plaudit.app.cli import main

main()
