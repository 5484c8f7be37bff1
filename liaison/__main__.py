"""``python -m liaison``: the same program as the installed command."""

from liaison.cli.main import main

if __name__ == "__main__":
    main()
