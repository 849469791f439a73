"""What SQLite asks of the disk, for a test to watch and to refuse: a shim in the store's own copy of SQLite.

SQLite reaches files through a table of functions, its VFS. Those that change something are replaced in place, in the
very library that the store's driver uses: so the store, its SQL and its settings are the product's own, and only the
disk is ours. Reading, locking and shared memory go on as they are.
"""

import ctypes
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from hubspot_retention.store.driver import DRIVER

_CREATE: Final = 0x4
_NAMELESS: Final = "(temporary)"


class Kind(StrEnum):
    """What is asked."""

    CREATE = "create"
    WRITE = "write"
    TRUNCATE = "truncate"
    SYNC = "sync"
    SYNC_FOLDER = "sync folder"
    """SQLite makes the names in a folder durable: that a file is there, or is gone."""
    DELETE = "delete"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One change that is asked of the disk; `offset` is also the length to truncate to."""

    kind: Kind
    path: str
    offset: int = 0
    data: bytes = b""


Answer = Callable[[Asked], int]
"""0 lets a change happen; otherwise what SQLite is told in its place, such as 13 (SQLITE_FULL)."""


class _Methods(ctypes.Structure):
    _fields_ = (
        ("version", ctypes.c_int),
        *((name, ctypes.c_void_p) for name in ("close", "read", "write", "truncate", "sync")),
        *((f"other{number}", ctypes.c_void_p) for number in range(13)),
    )


class _File(ctypes.Structure):
    _fields_ = (("methods", ctypes.POINTER(_Methods)),)


class _Vfs(ctypes.Structure):
    _fields_ = (
        ("version", ctypes.c_int),
        ("file_size", ctypes.c_int),
        ("longest", ctypes.c_int),
        *((name, ctypes.c_void_p) for name in ("next", "name", "data", "open", "delete")),
        *((f"other{number}", ctypes.c_void_p) for number in range(10)),
        *((name, ctypes.c_void_p) for name in ("now", "set_call", "get_call", "next_call")),
    )


_int, _i64, _ptr, _text = ctypes.c_int, ctypes.c_int64, ctypes.c_void_p, ctypes.c_char_p
_OPEN = ctypes.CFUNCTYPE(_int, _ptr, _ptr, ctypes.POINTER(_File), _int, _ptr)
_DELETE = ctypes.CFUNCTYPE(_int, _ptr, _text, _int)
_CLOSE = ctypes.CFUNCTYPE(_int, ctypes.POINTER(_File))
_WRITE = ctypes.CFUNCTYPE(_int, ctypes.POINTER(_File), _ptr, _int, _i64)
_TRUNCATE = ctypes.CFUNCTYPE(_int, ctypes.POINTER(_File), _i64)
_SYNC = ctypes.CFUNCTYPE(_int, ctypes.POINTER(_File), _int)
_OPEN_FOLDER = ctypes.CFUNCTYPE(_int, _text, _ptr)
_SET_CALL = ctypes.CFUNCTYPE(_int, _ptr, _text, _ptr)
_GET_CALL = ctypes.CFUNCTYPE(_ptr, _ptr, _text)


def _library() -> ctypes.CDLL:
    """The SQLite that the store's driver is linked with."""
    module = sys.modules["pysqlite3._sqlite3" if DRIVER.__name__.startswith("pysqlite3") else "_sqlite3"]
    library = ctypes.CDLL(module.__file__)
    library.sqlite3_vfs_find.restype = ctypes.POINTER(_Vfs)
    return library


class _Shim:
    """The functions in the place of SQLite's own. Files outside the folder are left alone."""

    def __init__(self, folder: Path, answer: Answer) -> None:
        self._folder, self._answer = f"{folder}/", answer
        self._vfs = _library().sqlite3_vfs_find(None).contents
        self._names: dict[int, str] = {}
        self._methods: dict[int, tuple[_Methods, _Methods]] = {}
        self._open, self._delete = _OPEN(self._vfs.open), _DELETE(self._vfs.delete)
        self._open_folder = _OPEN_FOLDER(_GET_CALL(self._vfs.get_call)(ctypes.addressof(self._vfs), b"openDirectory"))
        self._ours = (
            _OPEN(self._on_open),
            _DELETE(self._on_delete),
            _OPEN_FOLDER(self._on_open_folder),
            _CLOSE(self._on_close),
            _WRITE(self._on_write),
            _TRUNCATE(self._on_truncate),
            _SYNC(self._on_sync),
        )

    def put_in(self) -> None:
        """From now on."""
        self._vfs.open, self._vfs.delete = self._pointers()[:2]
        self._set_open_folder(self._pointers()[2])

    def take_out(self) -> None:
        """As it was. Files that are still open stay watched until they are closed."""
        self._vfs.open, self._vfs.delete = (ctypes.cast(own, _ptr).value for own in (self._open, self._delete))
        self._set_open_folder(None)

    def _pointers(self) -> list[int | None]:
        return [ctypes.cast(own, _ptr).value for own in self._ours]

    def _set_open_folder(self, pointer: int | None) -> None:
        _SET_CALL(self._vfs.set_call)(ctypes.addressof(self._vfs), b"openDirectory", pointer)

    def _ask(self, kind: Kind, path: str, offset: int = 0, data: bytes = b"") -> int:
        if not path.startswith(self._folder):
            return 0
        return self._answer(Asked(kind=kind, path=path.removeprefix(self._folder), offset=offset, data=data))

    def _on_open(self, vfs: int, name: int | None, file: Any, flags: int, out: int) -> int:
        # Behind the name other parameters stand in SQLite's memory: it is handed on where it is, not as a copy.
        path = ctypes.string_at(name).decode() if name else _NAMELESS
        if flags & _CREATE and not Path(path).exists():
            code = self._ask(Kind.CREATE, path)
            if code:
                file.contents.methods = None
                return code
        code = int(self._open(vfs, name, file, flags, out))
        if code == 0:
            self._watch(file, path)
        return code

    def _watch(self, file: Any, path: str) -> None:
        own = file.contents.methods
        address = ctypes.addressof(own.contents)
        if address not in self._methods:
            ours = _Methods.from_buffer_copy(own.contents)
            ours.close, ours.write, ours.truncate, ours.sync = self._pointers()[3:]
            self._methods[address] = (own.contents, ours)
        key = ctypes.addressof(file.contents)
        self._names[key] = path
        file.contents.methods = ctypes.pointer(self._methods[address][1])

    def _own(self, file: Any) -> _Methods:
        ours = ctypes.addressof(file.contents.methods.contents)
        found: _Methods = next(own for own, made in self._methods.values() if ctypes.addressof(made) == ours)
        return found

    def _name(self, file: Any) -> str:
        return self._names[ctypes.addressof(file.contents)]

    def _on_close(self, file: Any) -> int:
        own = self._own(file)
        del self._names[ctypes.addressof(file.contents)]
        file.contents.methods = ctypes.pointer(own)
        return int(_CLOSE(own.close)(file))

    def _on_write(self, file: Any, data: int, length: int, offset: int) -> int:
        code = self._ask(Kind.WRITE, self._name(file), offset, ctypes.string_at(data, length))
        return code or int(_WRITE(self._own(file).write)(file, data, length, offset))

    def _on_truncate(self, file: Any, length: int) -> int:
        code = self._ask(Kind.TRUNCATE, self._name(file), length)
        return code or int(_TRUNCATE(self._own(file).truncate)(file, length))

    def _on_sync(self, file: Any, flags: int) -> int:
        code = self._ask(Kind.SYNC, self._name(file))
        return code or int(_SYNC(self._own(file).sync)(file, flags))

    def _on_delete(self, vfs: int, name: bytes, sync: int) -> int:
        code = self._ask(Kind.DELETE, name.decode()) if Path(name.decode()).exists() else 0
        return code or int(self._delete(vfs, name, sync))

    def _on_open_folder(self, name: bytes, out: int) -> int:
        self._ask(Kind.SYNC_FOLDER, name.decode())
        return int(self._open_folder(name, out))


@contextmanager
def watched_disk(folder: Path, answer: Answer) -> Iterator[None]:
    """While it lasts `answer` is asked before each change of the store's files in a folder."""
    shim = _Shim(folder, answer)
    shim.put_in()
    try:
        yield
    finally:
        shim.take_out()
        _kept.append(shim)


_kept: Final[list[_Shim]] = []
"""SQLite may still close a file that was opened while a shim was in: its functions must be there then."""
