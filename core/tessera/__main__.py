"""``python -m tessera``: the same as the command ``tessera``."""

from tessera.cli import main

main()
