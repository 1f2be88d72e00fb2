"""Writing the report: all of it or, with a sentence, none."""

from __future__ import annotations

import io
import os
import stat
import sys
from pathlib import Path

from qorgau.cli.failure import Failure

CLOSED = "the reader of the report closed it before the end"


def check_target(target: Path) -> None:
    """Say before a long scan that its report could not be written. Raises Failure."""
    if target.is_dir():
        raise Failure(f"{target}: is a folder, the report needs a file")
    if not target.absolute().parent.is_dir():
        raise Failure(f"{target}: cannot be written: there is no folder {target.parent}")


def write_file(text: str, target: Path) -> None:
    """Put ``text`` as UTF-8 in the file; a file that was there is replaced whole or left. Raises Failure."""
    data = _encoded(text, "utf-8")
    try:
        real = Path(os.path.realpath(target))
        if real.exists() and not stat.S_ISREG(real.stat().st_mode):
            real.write_bytes(data)  # a device or a pipe holds no earlier report
        else:
            _replace(real, data)
    except OSError as error:
        raise Failure(f"{target}: cannot be written: {_reason(error)}") from error


def write_stdout(text: str) -> None:
    """Print ``text``; piped, it is UTF-8 on every machine. Raises Failure when it cannot be printed."""
    encoding = (sys.stdout.encoding or "utf-8") if sys.stdout.isatty() else "utf-8"
    stream = sys.stdout.buffer
    try:
        stream.write(_encoded(text, encoding))
        stream.flush()
    except BrokenPipeError as error:
        abandon_stdout()
        raise Failure(CLOSED) from error
    except OSError as error:
        abandon_stdout()
        raise Failure(f"the report cannot be printed: {_reason(error)}") from error


def colored() -> bool:
    """Whether stdout shows colors. The variables: https://no-color.org, https://force-color.org."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def _encoded(text: str, encoding: str) -> bytes:
    # Half a surrogate pair, from an escape in scanned code, becomes \udxxx: in JSON that is its escape.
    return text.encode(encoding, "backslashreplace")


def _replace(path: Path, data: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())  # a full disk may be told no earlier
        if path.exists():
            temporary.chmod(stat.S_IMODE(path.stat().st_mode))
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def abandon_stdout() -> None:
    """What is left in the buffer goes nowhere, else the interpreter fails once more when it ends."""
    try:
        descriptor = sys.stdout.fileno()
    except (io.UnsupportedOperation, ValueError):
        return
    os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
