"""``python -m metareview``."""

from metareview.cli import main

if __name__ == "__main__":
    main()
