"""Writes SAS data sets (.sas7bdat) for tests, in every variant the reader knows: both word sizes, both byte orders, packed or not.

The layout is the one described in docs/formats/sas7bdat.md. ReadStat 1.1.8 reads what this writes (but for Ross packing, which it does not know).
"""
import datetime
import struct

EPOCH = datetime.date(1960, 1, 1)
ENCODINGS = {"utf-8": 20, "latin-1": 29, "cp949": 140, "cp1252": 62, "any": 0}
MAGIC = bytes.fromhex("000000000000000000000000c2ea8160b31411cfbd92080009c7318c181f1011")


def days(text):
    return (datetime.date.fromisoformat(text) - EPOCH).days


def seconds(text):
    return (datetime.datetime.fromisoformat(text) - datetime.datetime(1960, 1, 1)).total_seconds()


def run_length(row):
    """SASYZCRL, with the short forms alone."""
    out, at, plain = bytearray(), 0, bytearray()

    def flush():
        while plain:
            piece, n = plain[:64], len(plain[:64])
            del plain[:64]
            out.append((0x80 + ((n - 1) // 16) * 16) | (n - 1) % 16)
            out.extend(piece)

    while at < len(row):
        n = 1
        while at + n < len(row) and row[at + n] == row[at] and n < 272:
            n += 1
        if n < 3:
            plain.append(row[at])
            at += 1
            continue
        flush()
        fills = {0x20: (0xE0, 0x60), 0x00: (0xF0, 0x70), 0x40: (0xD0, 0x50)}
        if row[at] in fills:
            short, long = fills[row[at]]
            out += bytes([short | n - 2]) if n < 18 else bytes([long, n - 17])
        elif n < 19:
            out += bytes([0xC0 | n - 3, row[at]])
        else:
            out += bytes([0x40, n - 18, row[at]])
        at += n
    flush()
    return bytes(out)


def ross(row):
    """SASYZCR2: runs and, where the last bytes come again, patterns."""
    items, at = [], 0
    while at < len(row):
        n = 1
        while at + n < len(row) and row[at + n] == row[at] and n < 4000:
            n += 1
        back = next((b for b in range(3, min(at, 4000) + 1) if row[at - b:at - b + 3] == row[at:at + 3] and b >= 3), 0) if at + 3 <= len(row) else 0
        if n >= 19:
            items.append((1, bytes([0x10 | (n - 19) & 15, (n - 19) >> 4, row[at]])))
        elif n >= 3:
            items.append((1, bytes([n - 3, row[at]])))
        elif back:
            n = 3
            while n < 15 and n < back and at + n < len(row) and row[at - back + n] == row[at + n]:
                n += 1
            items.append((1, bytes([n << 4 | (back - 3) & 15, (back - 3) >> 4])))
        else:
            n = 1
            items.append((0, row[at:at + 1]))
        at += n
    out = bytearray()
    for i in range(0, len(items), 16):
        group = items[i:i + 16]
        flags = sum(flag << 15 - k for k, (flag, _) in enumerate(group))
        out += struct.pack(">H", flags) + b"".join(data for _, data in group)
    return bytes(out)


class Writer:
    def __init__(self, wide, big, page, packing):
        self.wide, self.big, self.page_bytes, self.packing = wide, big, page, packing
        self.word, self.head, self.pointer = (8, 40, 24) if wide else (4, 24, 12)
        self.pages, self.open = [], None

    def number(self, value, width):
        return int(value).to_bytes(width, "big" if self.big else "little")

    def signature(self, value):
        fill = b"\xff" * 4 if value >= 0xFFFF0000 else b"\0" * 4
        four = self.number(value, 4)
        if not self.wide:
            return four
        return fill + four if self.big and value >= 0xFFFF0000 else four + fill

    def meta(self):
        self.open = {"pointers": [], "from": self.page_bytes, "bytes": bytearray(self.page_bytes)}
        self.pages.append(self.open)

    def room(self, pointers):
        return self.open["from"] - self.head - pointers * self.pointer

    def subheader(self, data, compression=0, kind=0):
        size = len(data)
        if self.open is None or self.room(len(self.open["pointers"]) + 1) < size:
            self.meta()
            assert self.room(1) >= size, "a page is too small"
        self.open["from"] -= size
        at = self.open["from"]
        self.open["bytes"][at:at + size] = data
        self.open["pointers"].append((at, size, compression, kind))

    def finish_meta(self, page, kind):
        pointers = page["pointers"]
        data = page["bytes"]
        data[self.head - 8:self.head] = self.number(kind, 2) + self.number(page.get("blocks", len(pointers)), 2) + self.number(len(pointers), 2) + b"\0\0"
        at = self.head
        for offset, size, compression, type_ in pointers:
            entry = self.number(offset, self.word) + self.number(size, self.word) + bytes([compression, type_])
            data[at:at + self.pointer] = entry.ljust(self.pointer, b"\0")
            at += self.pointer
        return bytes(data)


def data_set(columns, rows, encoding="utf-8", declare=None, wide=False, big=False, packing=None, page=4096, mixed=False, late=False, declared_rows=None):
    """The bytes of a data set. columns: (name, width) for texts, (name, format) for numbers, (name, format, bytes) for short numbers. `declare`: encoding the header
    names when it is another. `mixed`: rows on the last page of descriptions. `late`: formats behind the rows. A number may be None."""
    w = Writer(wide, big, page, packing)
    texts, offset, attributes, names, formats = bytearray(28), 0, b"", b"", []
    texts[12:20] = {"run-length": b"SASYZCRL", "ross": b"SASYZCR2", None: b" " * 8}[packing]

    def text_ref(text):
        data = text.encode("cp949" if encoding == "any" else encoding)
        at = len(texts)
        texts.extend(data.ljust((len(data) + 3) // 4 * 4, b"\0"))
        return w.number(0, 2) + w.number(at if data else 0, 2) + w.number(len(data), 2)

    plan = []
    # Numbers first: SAS keeps them on multiples of 8.
    for column in sorted(columns, key=lambda c: isinstance(c[1], int)):
        width = column[1] if isinstance(column[1], int) else column[2] if len(column) > 2 else 8
        plan.append((column[0], offset, width))
        offset += width
    places = {name: (at, width) for name, at, width in plan}
    row_bytes = (offset + 7) // 8 * 8
    for column in columns:
        at, width = places[column[0]]
        names += text_ref(column[0]) + b"\0\0"
        is_text = isinstance(column[1], int)
        attributes += w.number(at, w.word) + w.number(width, 4) + b"\0\0" + bytes([2 if is_text else 1, 0])
        formats.append(text_ref("" if is_text else column[1]))

    def cell(column, value):
        at, width = places[column[0]]
        if isinstance(column[1], int):
            data = value if isinstance(value, bytes) else str(value or "").encode("cp949" if encoding == "any" else encoding)
            assert len(data) <= width, (column, value)
            return at, data.ljust(width, b" ")
        data = b"\xff\xff\xfe\0\0\0\0\0" if value is None else struct.pack(">d", value)
        data = data[:width]
        return at, data if big else data[::-1]

    packed = []
    for row in rows:
        data = bytearray(row_bytes)
        for column, value in zip(columns, row):
            at, bytes_ = cell(column, value)
            data[at:at + len(bytes_)] = bytes_
        packed.append(bytes(data))

    row_size = bytearray(808 if wide else 480)
    row_size[0:w.word] = w.signature(0xF7F7F7F7)

    def put(i, value):
        row_size[i * w.word:(i + 1) * w.word] = w.number(value, w.word)

    put(5, row_bytes)
    put(6, len(rows) if declared_rows is None else declared_rows)
    put(9, len(columns))
    w.subheader(row_size)
    w.subheader(w.signature(0xF6F6F6F6) + w.number(len(columns), w.word) + w.number(0, w.word))
    blob = bytes(texts)
    text_size = len(blob) + w.word
    w.subheader(w.signature(0xFFFFFFFD) + w.number(text_size - (4 + 2 * w.word), 2) + blob[2:])
    for signature, data in ((0xFFFFFFFF, names), (0xFFFFFFFC, attributes)):
        size = 2 * w.word + 20 + len(data)
        w.subheader((w.signature(signature) + w.number(size - (4 + 2 * w.word), 2) + b"\0" * 6 + data).ljust(size, b"\0"))

    def describe_formats():
        for ref in formats:
            data = bytearray(64 if wide else 52)
            data[0:w.word] = w.signature(0xFFFFFBFE)
            at = 3 * w.word + 22
            data[at:at + 6] = ref
            w.subheader(data)

    if not late:
        describe_formats()
    done = []
    if packing:
        pack = run_length if packing == "run-length" else ross
        for row in packed:
            small = pack(row)
            if len(small) < len(row):
                w.subheader(small, 4, 1)
            else:
                w.subheader(row, 0, 1)
        packed = []
    metas = w.pages
    first_rows = 0
    if mixed and packed:
        page_ = metas[-1]
        start = w.head + len(page_["pointers"]) * w.pointer
        start += start % 8
        first_rows = min(len(packed), (page_["from"] - start) // row_bytes)
        for i in range(first_rows):
            page_["bytes"][start + i * row_bytes:start + (i + 1) * row_bytes] = packed[i]
        page_["blocks"] = len(page_["pointers"]) + first_rows
        put(15, first_rows)
        metas[0]["bytes"][page - len(row_size):page] = row_size
        packed = packed[first_rows:]
    for i, page_ in enumerate(metas):
        done.append(w.finish_meta(page_, 0x200 if first_rows and i == len(metas) - 1 else 0))
    each = (page - w.head) // row_bytes
    for i in range(0, len(packed), each):
        some = packed[i:i + each]
        data = bytearray(page)
        data[w.head - 8:w.head] = w.number(0x100, 2) + w.number(len(some), 2) + w.number(0, 2) + b"\0\0"
        data[w.head:w.head + len(some) * row_bytes] = b"".join(some)
        done.append(bytes(data))
    if late:
        w.pages, w.open = [], None
        describe_formats()
        done += [w.finish_meta(page_, 0x400) for page_ in w.pages]
    head_bytes = 8192 if wide else 1024
    head = bytearray(head_bytes)
    head[0:32] = MAGIC
    head[32] = 0x33 if wide else 0x22
    head[35] = 0x33 if wide else 0x22
    head[37] = 0 if big else 1
    head[39] = ord("1")
    head[70] = ENCODINGS[declare or encoding]
    head[84:92] = b"SAS FILE"
    head[92:156] = b"TEST".ljust(64)
    head[156:164] = b"DATA    "
    shift = 4 if wide else 0
    head[196 + shift:200 + shift] = w.number(head_bytes, 4)
    head[200 + shift:204 + shift] = w.number(page, 4)
    head[204 + shift:204 + shift + w.word] = w.number(len(done), w.word)
    end = 204 + shift + w.word + 8
    head[end:end + 8] = b"9.0401M6"
    return bytes(head) + b"".join(done)


def write(path, columns, rows, **options):
    with open(path, "wb") as file:
        file.write(data_set(columns, rows, **options))
