"""`python -m charembed_tui`."""

from charembed_tui.cli.app_command import main

if __name__ == "__main__":
    main()
