"""A file of secrets that is replaced as a whole, for its owner's eyes only.

What can go wrong: the process dies half way and neither the old secrets nor the new are there; or the old ones can be
read from the disk afterwards. So the new file is on the disk before it takes the place of the old one, and then what
stood in the old one is overwritten. (A disk that writes elsewhere what it overwrites keeps it: encrypt the volume.)
"""

import os
from pathlib import Path


def replace_private(path: Path, content: str) -> None:
    """Replace the file, or make it. Raises OSError."""
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    if not path.exists():
        _take_its_place(part, path)
        return
    with path.open("r+b") as old:
        _take_its_place(part, path)
        old.write(bytes(os.fstat(old.fileno()).st_size))
        old.flush()
        os.fsync(old.fileno())


def _take_its_place(part: Path, path: Path) -> None:
    part.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
