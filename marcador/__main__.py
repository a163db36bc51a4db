"""The command `marcador`."""


def main() -> None:
    """Entry point of the command line."""
    raise SystemExit("marcador: the command line is being built")


if __name__ == "__main__":
    main()
