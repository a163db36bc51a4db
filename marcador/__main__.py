"""`python -m marcador` is the command `marcador`."""

from marcador.cli import main

__all__ = ["main"]

if __name__ == "__main__":
    main()
