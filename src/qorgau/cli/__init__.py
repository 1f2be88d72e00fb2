"""The command line: arguments, exit status, and the only place that prints."""

def main() -> None:
    """Run the command line."""
