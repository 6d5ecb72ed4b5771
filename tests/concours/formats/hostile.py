"""Files made to hurt: archives, tables, NIfTI, NPY, DICOM and images, each with the kind it is sent as."""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from pydicom.encaps import encapsulate
from pydicom.uid import JPEG2000Lossless, JPEGBaseline8Bit, RLELossless

from tests.concours.formats import builders as b

IDS = ["001", "002", "NA"]
TABLE = {"id_column": "id", "ids": IDS, "columns": {"p": {"type": "number", "min": 0, "max": 1}}}
GRID = {"shape": list(b.SHAPE), "affine": b.AFFINE.tolist()}
VOLUME = {"id_column": "id", "ids": IDS, "grid": GRID, "mask_values": None, "files": "{id}.nii.gz"}
FLAT = {"id_column": "id", "ids": IDS, "grid": {"shape": [16, 12]}, "mask_values": [0, 1], "files": "{id}.png"}
RLE = {"id_column": "id", "ids": IDS, "grid": {"shape": [16, 12]}, "columns": {"rle": {"type": "rle", "order": "row"}}}


class Hostile(NamedTuple):
    name: str
    kind: str
    data: bytes
    manifest: dict[str, Any] | None
    codes: tuple[str, ...]


def every() -> list[Hostile]:
    return [*archives(), *tables(), *runs(), *niftis(), *arrays(), *images(), *dicoms()]


def _zip_with(info: zipfile.ZipInfo, data: bytes = b"x") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(info, data)
    return out.getvalue()


def _special(mode: int) -> bytes:
    info = zipfile.ZipInfo("link.dcm")
    info.create_system, info.external_attr = 3, mode << 16
    return _zip_with(info, b"/etc/passwd")


def _overlapping(copies: int = 200) -> bytes:
    """Many directory entries that all point at one member (a quine-free overlap bomb)."""
    zipped = b.zipped({"aaaa.dcm": bytes(1 << 20)})
    at = zipped.index(b"PK\x01\x02")
    end = zipped.index(b"PK\x05\x06")
    entry = zipped[at:end]
    entries = b"".join(entry.replace(b"aaaa.dcm", f"{i:04d}.dcm".encode()) for i in range(copies))
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, copies, copies, len(entries), at, 0)
    return zipped[:at] + entries + tail


def _patched(data: bytes, mark: bytes, offset: int, value: bytes) -> bytes:
    at = data.index(mark) + offset
    return data[:at] + value + data[at + len(value) :]


def archives() -> Iterator[Hostile]:
    good = b.zipped({"001.txt": b"hello" * 100})
    stored = b.zipped({"001.txt": b"hello" * 100}, zipfile.ZIP_STORED)
    unsafe = ("unsafe_archive",)

    def case(name: str, data: bytes, *codes: str) -> Hostile:
        return Hostile(f"zip {name}", "zip", data, None, codes or unsafe)

    for name in ("../a", "a/../../b", "/abs", "\\abs", "C:\\x", "..\\x", "a\x01b", "n" * 2000, "a\u202eb", "x/.."):
        yield case(f"name {name[:12]!r}", b.zipped({name: b"x"}))
    for mode, name in ((0o120777, "symlink"), (0o020666, "device"), (0o060666, "block"), (0o010666, "fifo")):
        yield case(name, _special(mode))
    yield case("socket", _special(0o140777))
    for inner, name in ((good, "zip"), (b.gzipped(b"x" * 99), "gzip"), (b"7z\xbc\xaf\x27\x1c" + bytes(64), "7z")):
        yield case(f"nested {name}", b.zipped({f"inner.{name}": inner}))
    yield case("nested, disguised", b.zipped({"scan.dcm": good}))
    yield case("nested rar", b.zipped({"x.nii": b"Rar!\x1a\x07\x00" + bytes(99)}))
    yield case("nested tar", b.zipped({"x.bin": bytes(257) + b"ustar\x0000" + bytes(300)}))
    yield case("bomb", b.zipped({"zero.dcm": bytes(64 << 20)}))
    yield case("overlap", _overlapping())
    duplicate = b.zipped({"aa.txt": b"1", "bb.txt": b"2"}).replace(b"bb.txt", b"aa.txt")
    yield case("same name twice", duplicate)
    yield case("same name, other case", b.zipped({"a.txt": b"1", "A.TXT": b"2"}))
    yield case("bytes after the end", good + b"evil")
    yield case("bytes before the start", b"MZ" + bytes(100) + good)
    yield case("too many members", b.zipped({f"{i}.txt": b"" for i in range(20_001)}), "too_large")
    lying = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 65_000, 65_000, 46, 0, 0)
    yield case("claims 65000 members", lying, "too_large", "unreadable_file", "unsafe_archive")
    yield case("size lies, smaller", _patched(good, b"PK\x01\x02", 24, struct.pack("<L", 3)), "unreadable_file")
    yield case("size lies, larger", _patched(good, b"PK\x01\x02", 24, struct.pack("<L", 900)), "unreadable_file")
    both = _patched(_patched(good, b"PK\x01\x02", 24, b"\x03\0\0\0"), b"PK\x03\x04", 22, b"\x03\0\0\0")
    yield case("both sizes lie", both, "unreadable_file")
    yield case("crc lies", _patched(good, b"PK\x01\x02", 16, b"\x01\x02\x03\x04"), "unreadable_file")
    yield case("stored, sizes differ", _patched(stored, b"PK\x01\x02", 24, b"\x01\0\0\0"))
    yield case("offset beyond the end", _patched(good, b"PK\x01\x02", 42, b"\xf0\xff\xff\x0f"))
    yield case("local name differs", _patched(good, b"PK\x03\x04", 30, b"ZZZ"), "unreadable_file")
    yield case("local signature gone", b"XX" + good[2:], "unreadable_file")
    yield case("encrypted", _patched(good, b"PK\x01\x02", 8, b"\x01\0"), "wrong_format")
    yield case("rare method", _patched(good, b"PK\x01\x02", 10, b"\x0e\0"), "wrong_format")
    yield case("cut", good[: len(good) // 2], "unreadable_file")
    yield case("not a zip", b"hello" * 50, "wrong_format")
    yield case("only a magic", b"PK\x03\x04", "unreadable_file")
    yield case("empty zip", b.zipped({}), "empty_submission")
    yield case("only leftovers", b.zipped({"__MACOSX/a": b"1", ".DS_Store": b"2"}), "empty_submission")
    yield case("empty file", b"", "unreadable_file")
    html = b.zipped({"scan.dcm": b"<html></html>"})
    yield case("html named dcm", html, "not_dicom")
    many = {f"{i}.nii.gz": b"x" for i in range(3)}
    yield Hostile("zip no file of the ids", "zip", b.zipped(many), VOLUME, ("extra_file",))


def tables() -> Iterator[Hostile]:
    def case(name: str, text: str | bytes, *codes: str, kind: str = "csv") -> Hostile:
        data = text.encode() if isinstance(text, str) else text
        return Hostile(f"{kind} {name}", kind, data, TABLE, codes)

    head = "id,p\n"
    good = head + "001,0.5\n002,0\nNA,1\n"
    values = {
        "1_0": "non_numeric",
        "0x1": "non_numeric",
        "١": "non_numeric",
        "1e999": "non_finite",
        "nan": "non_finite",
    }
    values |= {
        "inf": "non_finite",
        "-Infinity": "non_finite",
        "1 2": "non_numeric",
        "1,2,3": "non_numeric",
        "": "missing_value",
    }
    values |= {
        "2": "out_of_range",
        "-0.1": "out_of_range",
        "1e": "non_numeric",
        "½": "non_numeric",
        "0.5f": "non_numeric",
    }
    for value, code in values.items():
        yield case(f"value {value!r}", f'{head}001,"{value}"\n002,0\nNA,1\n', code)
    for formula in ("=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3", "=HYPERLINK(0)", "\t=1"):
        yield case(f"formula {formula!r}", f'id,p,note\n001,0.5,"{formula}"\n002,0,\nNA,1,\n', "unsafe_file")
    yield case("formula in the header", "id,p,=x\n001,0,1\n002,0,1\nNA,1,1\n", "unsafe_file")
    yield case("id twice", good + "001,0.5\n", "duplicate_id")
    yield case("id missing", head + "001,0.5\n", "missing_id")
    yield case("id extra", good + "004,0.5\n", "extra_id")
    yield case("id as a number", head + "1,0.5\n2,0\nNA,1\n", "extra_id", "missing_id")
    yield case("column missing", "id,q\n001,1\n", "missing_column")
    yield case("ragged", head + "001,0.5,7\n002\n", "wrong_format")
    yield case("open quote", head + '001,"0.5\n', "wrong_format")
    yield case("column twice", "id,p,p\n001,0,1\n002,0,1\nNA,1,1\n", "wrong_format")
    yield case("Latin-1", "id,p\né,1\n".encode("latin-1"), "unreadable_file")
    yield case("UTF-16 without a mark", good.encode("utf-16-le"), "unreadable_file")
    yield case("odd UTF-16", good.encode("utf-16")[:-1], "unreadable_file")
    yield case("zero bytes", good.encode() + b"\0", "unreadable_file")
    yield case("only a header", head, "empty_submission")
    yield case("blank lines", "\n\n\n", "empty_submission")
    yield case("a PDF", b"%PDF-1.4", "wrong_format")
    yield case("a workbook named CSV", b.xlsx([["id", "p"], ["001", 1.0]]), "wrong_format")
    yield case("ten thousand columns", ",".join(f"c{i}" for i in range(10_000)) + "\n1\n", "too_large")
    wide = {**TABLE, "limits": {"rows": 100}}
    yield Hostile("csv too many rows", "csv", (head + "001,0\n" * 101).encode(), wide, ("too_large",))
    small = {**TABLE, "limits": {"bytes": 100}}
    yield Hostile("csv too many bytes", "csv", (head + "001,0\n" * 101).encode(), small, ("too_large",))
    row = '<row r="1"><c r="A1" t="inlineStr"><is><t>id</t></is></c></row>'
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    outside = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    far = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    far_column = '<row r="2"><c r="XFD2"><v>1</v></c></row>'
    books = {
        "far cell": (b.xlsx_raw(row + far), "too_large"),
        "far column": (b.xlsx_raw(row + far_column), "too_large"),
        "formula": (b.xlsx_raw(row + '<row r="2"><c r="A2"><f>1+1</f><v>2</v></c></row>'), "unsafe_file"),
        "entity bomb": (b.xlsx_raw(row, bomb), "unsafe_file"),
        "outside entity": (b.xlsx_raw(row, outside), "unsafe_file"),
        "macros": (
            b.xlsx_raw(row, xl__vbaProject_bin=b"x").replace(b"vbaProject_bin", b"vbaProject.bin"),
            "unsafe_file",
        ),
        "external link": (b.xlsx_raw(row, xl__externalLinks__a=b"x"), "unsafe_file"),
        "string index": (b.xlsx_raw('<row><c t="s"><v>99</v></c></row>'), "unreadable_file"),
        "cell name": (b.xlsx_raw('<row><c r="A0"><v>9</v></c></row>'), "unreadable_file"),
        "rows backwards": (b.xlsx_raw('<row r="5"><c><v>1</v></c></row><row r="2"/>'), "too_large"),
        "broken XML": (b.xlsx_raw("<row>"), "unreadable_file"),
        "no sheet": (b.zipped({"[Content_Types].xml": b"<x/>"}), "wrong_format"),
        "zeros": (b.xlsx_raw("<row><c><v>" + "0" * (100 << 20) + "</v></c></row>"), "too_large", "unsafe_archive"),
        "a tag of 100 MB": (b.xlsx_raw('<row a="' + "0" * (100 << 20) + '"/>'), "too_large"),
        "a zip": (b.zipped({"a": b"1"}), "wrong_format"),
        "text": (b"id,p\n", "wrong_format"),
    }
    for name, (data, *codes) in books.items():
        yield case(name, data, *codes, "empty_submission" if name == "zeros" else codes[0], kind="xlsx")


def runs() -> Iterator[Hostile]:
    bad = {
        "1": "rle_malformed",
        "1 2 3": "rle_malformed",
        "a b": "rle_malformed",
        "1 -2": "rle_malformed",
        "1 0": "rle_malformed",
        "1.5 2": "rle_malformed",
        "0 1": "rle_out_of_bounds",
        "192 2": "rle_out_of_bounds",
        "1 99999999999999999999": "rle_out_of_bounds",
        "9223372036854775807 1": "rle_out_of_bounds",
        "1 5 3 2": "rle_overlap",
        "10 2 1 10": "rle_overlap",
        "[1 2]": "rle_malformed",
        "١ ٢": "rle_malformed",
    }
    for text, code in bad.items():
        yield Hostile(f"rle {text}", "csv", f'id,rle\n001,"{text}"\n002,\nNA,1 3\n'.encode(), RLE, (code,))


def niftis() -> Iterator[Hostile]:
    mask = b.ball()
    plain = b.nifti(mask, packed=False)

    def case(name: str, data: bytes, *codes: str) -> Hostile:
        return Hostile(f"nifti {name}", "nifti", data, VOLUME, codes)

    huge = _put(plain, 40, struct.pack("<8h", 7, *[32767] * 7))
    yield case("32767^7", huge, "too_large")
    yield case("32767^7, gzip", b.gzipped(huge), "too_large")
    yield case("negative dimension", _put(plain, 40, struct.pack("<8h", 3, -1, 12, 8, 1, 1, 1, 1)), "unreadable_file")
    yield case("no dimension", _put(plain, 40, struct.pack("<h", 0)), "unreadable_file")
    yield case("nine dimensions", _put(plain, 40, struct.pack("<h", 9)), "unreadable_file")
    yield case("larger than its data", _put(plain, 42, struct.pack("<h", 30000)), "wrong_shape")
    yield case("cut", plain[:-100], "unreadable_file")
    yield case("cut gzip", b.gzipped(plain)[:-20], "unreadable_file")
    yield case("header only", plain[:352], "unreadable_file")
    yield case("half a header", plain[:200], "wrong_format")
    yield case("gzip of nothing", b.gzipped(b""), "unreadable_file")
    yield case("gzip bomb", b.gzipped(plain[:352] + bytes(300 << 20), 1), *("unreadable_file", "accept"))
    yield case("gzip, damaged", _flip(b.gzipped(plain), 60), "unreadable_file", "wrong_format")
    yield case("offset far away", _put(plain, 108, struct.pack("<f", 1e30)), "unreadable_file")
    yield case("offset NaN", _put(plain, 108, struct.pack("<f", float("nan"))), "unreadable_file")
    yield case("complex", _put(plain, 70, struct.pack("<h", 32)), "wrong_channels")
    yield case("RGB", _put(plain, 70, struct.pack("<h", 128)), "wrong_channels")
    yield case("float128", _put(plain, 70, struct.pack("<h", 1536)), "wrong_format")
    yield case("unknown type", _put(plain, 70, struct.pack("<h", 9999)), "wrong_format")
    yield case("pair", _put(plain, 344, b"ni1\0"), "wrong_format")
    yield case("no magic", _put(plain, 344, b"xxxx"), "wrong_format")
    yield case("three values", b.nifti(mask + 2 * b.ball(radius=0.2)), "non_binary_mask")
    yield case("NaN", b.nifti(np.where(mask, np.nan, 0).astype(np.float32)), "non_finite")
    yield case(
        "probabilities", b.nifti(np.linspace(0, 1, mask.size, dtype=np.float32).reshape(b.SHAPE)), "non_binary_mask"
    )
    yield case("shape differs", b.nifti(mask[:-1]), "wrong_shape")
    yield case("four axes", b.nifti(np.stack([mask, mask], -1)), "wrong_channels")
    shifted = b.AFFINE.copy()
    shifted[0, 3] += 0.01
    yield case("shifted", b.nifti(mask, shifted), "geometry_mismatch")
    yield case("scaled", b.nifti(mask, b.AFFINE @ np.diag([1.01, 1, 1, 1])), "geometry_mismatch")
    yield case("no geometry", b.nifti(mask, np.eye(4)), "geometry_mismatch")
    yield case(
        "affine NaN",
        _put(plain, 280, struct.pack("<12f", *[float("nan")] * 12)),
        "geometry_mismatch",
        "unreadable_file",
    )
    yield case("text", b"hello" * 200, "wrong_format")
    yield case("an NPY", b.npy(mask), "wrong_format")
    yield case("empty", b"", "unreadable_file")


def _put(data: bytes, at: int, value: bytes) -> bytes:
    return data[:at] + value + data[at + len(value) :]


def _flip(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]


def arrays() -> Iterator[Hostile]:
    def case(name: str, data: bytes, *codes: str) -> Hostile:
        return Hostile(f"npy {name}", "npy", data, VOLUME, codes)

    def head(descr: str, shape: str) -> str:
        return f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n"

    objects = np.array([{"a": 1}], dtype=object)
    yield case("pickle", b.npy(objects), "unsafe_file")
    yield case("object claim", b.npy_raw(head("'|O'", "(3,)"), b"cos\nsystem\n"), "unsafe_file")
    yield case("lies, larger", b.npy_raw(head("'|u1'", "(100000, 100000)"), b"x"), "unreadable_file")
    yield case("lies, enormous", b.npy_raw(head("'<f8'", "(999999999999, 999999999999)"), b"x"), "unreadable_file")
    yield case("lies, smaller", b.npy_raw(head("'|u1'", "(2, 2)"), bytes(100)), "unreadable_file")
    yield case("negative", b.npy_raw(head("'|u1'", "(-2, 2)"), bytes(4)), "unreadable_file")
    yield case("records", b.npy_raw(head("[('a', '<f8')]", "(1,)"), bytes(8)), "wrong_format", "unreadable_file")
    yield case("text type", b.npy_raw(head("'<U8'", "(1,)"), bytes(32)), "wrong_format")
    yield case(
        "code in the header", b.npy_raw("{'descr': __import__('os').system('x'), 'shape': ()}", b""), "unreadable_file"
    )
    yield case("header of 4 GB", b"\x93NUMPY\x02\x00" + b"\xff\xff\xff\xff" + bytes(99), "unreadable_file")
    yield case("version 9", b"\x93NUMPY\x09\x00" + bytes(99), "unreadable_file")
    yield case("magic only", b"\x93NUMPY", "wrong_format")
    yield case("shape", b.npy(b.ball((16, 12))), "wrong_shape")
    yield case("NaN", b.npy(np.full(b.SHAPE, np.nan)), "non_finite")
    yield case("three values", b.npy(b.ball() + 2 * b.ball(radius=0.3)), "non_binary_mask")
    yield case("npz", b.zipped({"a.npy": b.npy(b.ball())}), "wrong_format")


def images() -> Iterator[Hostile]:
    flat = b.ball((16, 12))

    def case(name: str, data: bytes, *codes: str) -> Hostile:
        return Hostile(f"png {name}", "image", data, FLAT, codes)

    yield case("50000 x 50000", b.png_raw(50_000, 50_000), "too_large")
    yield case("2^31 x 2^31", b.png_raw(2**31 - 1, 2**31 - 1), "too_large")
    yield case("no width", b.png_raw(0, 5), "unreadable_file")
    yield case("depth 3", b.png_raw(12, 16, depth=3), "unreadable_file")
    yield case("colour 9", b.png_raw(12, 16, colour=9), "unreadable_file")
    yield case("RGB", b.png(np.dstack([flat] * 3)), "wrong_channels")
    yield case("RGBA", b.png(np.dstack([flat] * 4)), "wrong_channels")
    yield case("shape", b.png(flat.T), "wrong_shape")
    yield case("three values", b.png(flat + 2 * b.ball((16, 12), 0.3)), "non_binary_mask")
    yield case("0 and 255 where 0 and 1 are asked", b.png(flat * 255), "non_binary_mask")
    yield case("too little data", b.png_raw(12, 16, data=zlib.compress(bytes(20))), "unreadable_file")
    yield case("garbage data", b.png_raw(12, 16, data=b"garbage!" * 4), "unreadable_file")
    yield case("cut", b.png(flat)[:-30], "unreadable_file")
    yield case("crc", _flip(b.png(flat), 30), "unreadable_file")
    yield case("a bomb of text", _text_bomb(b.png(flat)), "unreadable_file", "accept")
    yield case("JPEG", b"\xff\xd8\xff\xe0" + bytes(200), "wrong_format")
    yield case("SVG", b"<svg onload='x'/>" * 9, "wrong_format")
    yield case("GIF", b"GIF89a" + bytes(99), "wrong_format")


def _text_bomb(data: bytes) -> bytes:
    at = 33
    return data[:at] + b.png_chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(200 << 20), 1)) + data[at:]


def dicoms() -> Iterator[Hostile]:
    pixels = (b.ball((16, 12)) * 100).astype(np.uint16)
    data = b.dicom(pixels)

    def case(name: str, changed: bytes, *codes: str) -> Hostile:
        return Hostile(f"dicom {name}", "dicom", changed, None, codes)

    def with_(**elements: Any) -> bytes:
        dataset = b.dicom_dataset(pixels)
        for keyword, value in elements.items():
            if value is None:
                delattr(dataset, keyword)
            else:
                setattr(dataset, keyword, value)
        return b.dicom_bytes(dataset)

    def stream(syntax: str, frame: bytes, **elements: Any) -> bytes:
        dataset = b.dicom_dataset(pixels)
        dataset.file_meta.TransferSyntaxUID = syntax
        for keyword, value in elements.items():
            setattr(dataset, keyword, value)
        dataset.PixelData = encapsulate([frame])
        dataset["PixelData"].is_undefined_length = True
        dataset["PixelData"].VR = "OB"
        return b.dicom_bytes(dataset)

    yield case("rows lie", with_(Rows=60000), "corrupt_pixels")
    yield case("position or the segment of its frames", with_(NumberOfFrames="1000000"), "corrupt_pixels")
    yield case("rows x columns x frames", with_(Rows=65535, Columns=65535, NumberOfFrames="99999"), "corrupt_pixels")
    yield case("no rows", with_(Rows=None), "no_pixels")
    yield case("no pixels", with_(PixelData=None), "no_pixels", "unsupported_object")
    yield case("no bits", with_(BitsAllocated=None), "no_pixels")
    yield case("bits 7", with_(BitsAllocated=7), "corrupt_pixels", "unsupported_transfer_syntax")
    yield case("no photometric", with_(PhotometricInterpretation=None), "no_pixels")
    yield case("cut", data[:-200], "unreadable_file", "corrupt_pixels")
    yield case("cut in the header", data[:300], "unreadable_file", "no_pixels")
    yield case("preamble only", bytes(128) + b"DICM", "unreadable_file", "unsupported_transfer_syntax")
    yield case("no preamble", data[132:], "not_dicom")
    yield case("text", b"hello" * 99, "not_dicom")
    yield case("empty", b"", "unreadable_file")
    yield case(
        "unknown syntax",
        data.replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.X\0"),
        "unsupported_transfer_syntax",
    )
    siz = b"\xff\x4f\xff\x51\x00\x29\x00\x00" + struct.pack(">8I", 60000, 60000, 0, 0, 60000, 60000, 0, 0)
    yield case("J2K claims 60000", stream(JPEG2000Lossless, siz + bytes(900)), "corrupt_pixels")
    small = b"\xff\x4f\xff\x51\x00\x29\x00\x00" + struct.pack(">8I", 12, 16, 0, 0, 12, 16, 0, 0)
    garbage = np.random.default_rng(1).bytes(900)
    yield case("J2K garbage", stream(JPEG2000Lossless, small + garbage), "corrupt_pixels")
    sof = b"\xff\xd8\xff\xc0\x00\x0b\x08" + struct.pack(">HH", 60000, 60000) + b"\x01\x01\x11\x00"
    yield case("JPEG claims 60000", stream(JPEGBaseline8Bit, sof + bytes(900)), "corrupt_pixels")
    yield case("JPEG garbage", stream(JPEGBaseline8Bit, b"\xff\xd8" + garbage), "corrupt_pixels")
    yield case("RLE garbage", stream(RLELossless, garbage), "corrupt_pixels")
    yield case("RLE, offsets wild", stream(RLELossless, struct.pack("<16I", 15, *[2**31] * 15)), "corrupt_pixels")
    yield case("J2K empty", stream(JPEG2000Lossless, b"\0\0"), "corrupt_pixels")
    yield case("deflate bomb", _deflated(data, bytes(300 << 20)), "too_large", "unreadable_file")
    yield case("deflate garbage", _deflated(data, None), "unreadable_file")
    yield case("sequences 5000 deep", _deep(data), "unreadable_file", "no_pixels", "corrupt_pixels")
    yield case("element of 4 GB", data + b"\x10\x70\x10\x00OB\0\0\xf0\xff\xff\xff", "unreadable_file", "accept")


def _deflated(data: bytes, body: bytes | None) -> bytes:
    dataset = b.dicom_dataset(np.zeros((16, 12), np.uint16))
    dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1.99"
    whole = b.dicom_bytes(dataset)
    length = struct.unpack_from("<I", whole, 140)[0]
    if body is None:
        return whole[: 144 + length] + b"not deflate at all" * 9
    packer = zlib.compressobj(1, zlib.DEFLATED, -15)
    return whole[: 144 + length] + packer.compress(body) + packer.flush()


def _deep(data: bytes) -> bytes:
    length = struct.unpack_from("<I", data, 140)[0]
    item = b"\x08\x00\x15\x11SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"
    return data[: 144 + length] + item * 5000
