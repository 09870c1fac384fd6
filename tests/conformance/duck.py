"""SQL on a DuckDB file from Python: the few calls of the C interface that the tests need, in the library the program itself is linked with."""
import ctypes
import pathlib

LIBRARY = pathlib.Path(__file__).resolve().parent.parent.parent / ".deps" / "duckdb" / "libduckdb.so"


class Result(ctypes.Structure):  # duckdb_result of duckdb.h; the members are the library's own
    _fields_ = [("a", ctypes.c_uint64), ("b", ctypes.c_uint64), ("c", ctypes.c_uint64), ("d", ctypes.c_void_p), ("e", ctypes.c_void_p), ("f", ctypes.c_void_p)]


def library():
    lib = ctypes.CDLL(str(LIBRARY))
    lib.duckdb_open.argtypes = [ctypes.c_char_p, ctypes.POINTER(ctypes.c_void_p)]
    lib.duckdb_connect.argtypes = [ctypes.c_void_p, ctypes.POINTER(ctypes.c_void_p)]
    lib.duckdb_query.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.POINTER(Result)]
    lib.duckdb_result_error.argtypes = [ctypes.POINTER(Result)]
    lib.duckdb_result_error.restype = ctypes.c_char_p
    for name in ("duckdb_row_count", "duckdb_column_count"):
        getattr(lib, name).argtypes = [ctypes.POINTER(Result)]
        getattr(lib, name).restype = ctypes.c_uint64
    lib.duckdb_value_varchar.argtypes = [ctypes.POINTER(Result), ctypes.c_uint64, ctypes.c_uint64]
    lib.duckdb_value_varchar.restype = ctypes.c_void_p
    lib.duckdb_free.argtypes = [ctypes.c_void_p]
    lib.duckdb_destroy_result.argtypes = [ctypes.POINTER(Result)]
    lib.duckdb_disconnect.argtypes = [ctypes.POINTER(ctypes.c_void_p)]
    lib.duckdb_close.argtypes = [ctypes.POINTER(ctypes.c_void_p)]
    return lib


class Duck:
    """One database file (or memory), open while the `with` lasts."""

    def __init__(self, path=":memory:"):
        self.lib = library()
        self.database, self.connection = ctypes.c_void_p(), ctypes.c_void_p()
        if self.lib.duckdb_open(str(path).encode(), ctypes.byref(self.database)) != 0:
            raise RuntimeError(f"{path}: not opened")
        self.lib.duckdb_connect(self.database, ctypes.byref(self.connection))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.lib.duckdb_disconnect(ctypes.byref(self.connection))
        self.lib.duckdb_close(ctypes.byref(self.database))

    def sql(self, text):
        """Runs one or several statements; rows of the last one, every cell as text, None for NULL."""
        result = Result()
        try:
            if self.lib.duckdb_query(self.connection, text.encode(), ctypes.byref(result)) != 0:
                raise RuntimeError(f"{self.lib.duckdb_result_error(ctypes.byref(result)).decode()}\n{text[:400]}")
            width = self.lib.duckdb_column_count(ctypes.byref(result))
            return [tuple(self.cell(result, column, row) for column in range(width)) for row in range(self.lib.duckdb_row_count(ctypes.byref(result)))]
        finally:
            self.lib.duckdb_destroy_result(ctypes.byref(result))

    def cell(self, result, column, row):
        text = self.lib.duckdb_value_varchar(ctypes.byref(result), column, row)
        if not text:
            return None
        out = ctypes.string_at(text).decode()
        self.lib.duckdb_free(text)
        return out
