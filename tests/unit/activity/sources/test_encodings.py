"""Encodings: detected from the bytes, never guessed where nothing speaks for one."""

from __future__ import annotations

import codecs

import pytest

from tenure.activity.sources import lines as line_stream
from tenure.kernel import OptionError, SourceError

CHINESE = (
    "客户编号,姓名,下单日期,金额\n00001,王小明,2024年1月5日,￥12.50\n"
    "00002,李芳，女,2024年1月6日,8.00\n"
)
GERMAN = "Kundennummer,Name,Straße,Größe\n1,Müller,Königsallee 5,groß\n2,Weiß,Höhenweg 7,klein\n"
FRENCH = "numéro,prénom,ville,créée\n1,Zoé,Besançon,2024-01-05\n2,André,Orléans,2024-01-06\n"


def expected(text):
    return [tuple(line.split(",")) for line in text.splitlines()[1:]]


@pytest.mark.parametrize(
    ("encoding", "mark", "found"),
    [
        ("utf-8", b"", "utf-8"),
        ("utf-8", codecs.BOM_UTF8, "utf-8"),
        ("utf-16-le", codecs.BOM_UTF16_LE, "utf-16-le"),
        ("utf-16-be", codecs.BOM_UTF16_BE, "utf-16-be"),
        ("utf-16-le", b"", "utf-16-le"),
        ("utf-16-be", b"", "utf-16-be"),
        ("utf-32-le", codecs.BOM_UTF32_LE, "utf-32-le"),
        ("gb18030", b"", "gb18030"),
        ("gbk", b"", "gb18030"),
    ],
)
def test_chinese_text_is_read_in_any_encoding(read, encoding, mark, found):
    source = read(mark + CHINESE.encode(encoding))
    assert source.raw.encoding == found
    assert source.raw.columns == ("客户编号", "姓名", "下单日期", "金额")
    assert source.cells == expected(CHINESE)
    assert source.lines == [2, 3]


@pytest.mark.parametrize("text", [GERMAN, FRENCH, "id,price\n1,5 €\n2,7 €\n"])
@pytest.mark.parametrize("encoding", ["cp1252", "utf-8", "utf-16-le"])
def test_western_text_is_read_in_any_encoding(read, text, encoding):
    source = read(text.encode(encoding))
    assert source.raw.encoding == encoding
    assert source.raw.columns == tuple(text.splitlines()[0].split(","))
    assert source.cells == expected(text)


def test_real_chinese_reviews_are_told_as_gb18030(read, shared_data):
    text = (shared_data / "waimai_10k.csv").read_text(encoding="utf-8")
    plain, recoded = read(text), read(text.encode("gb18030"), "gb.csv")
    assert recoded.raw.encoding == "gb18030"
    assert recoded.rows == plain.rows
    assert recoded.raw.rows == 11_987


def test_the_first_character_outside_ascii_decides_however_late_it_comes(read, cdnow, monkeypatch):
    monkeypatch.setattr(line_stream, "CHUNK_BYTES", 4_096)
    rows = "".join(",".join(row) + "\n" for row in cdnow)
    for word, encoding in (("Müller", "cp1252"), ("上海客户", "gb18030"), ("Müller", "utf-8")):
        text = "customer,date,cds,value\n" + rows + f"9,{word},1,2.00\n" + rows
        source = read(text.encode(encoding))
        assert source.raw.encoding == encoding
        assert source.rows[len(cdnow)] == ("9", word, "1", "2.00", len(cdnow) + 2)


def test_a_row_with_undecodable_bytes_is_rejected_and_the_others_stay(read):
    header, *body = CHINESE.encode().splitlines(keepends=True)
    lines = [header, *body * 5]
    lines[3] = b"00003,\xff\xfe" + "王,2024年,1\n".encode()
    source = read(b"".join(lines))
    assert source.raw.encoding == "utf-8"
    (record,) = source.rejected
    assert (record[0], record[2]) == (4, "undecodable")
    assert record[1] == "00003,\ufffd\ufffd王,2024年,1"
    assert source.raw.rows == len(lines) - 2


def test_undecodable_bytes_in_gb18030_reject_their_row(read):
    body = CHINESE.encode("gb18030").splitlines(keepends=True)
    source = read(b"".join([body[0], *body[1:] * 20, b"00003,\xff\xff,x,1\n", body[1]]))
    assert source.raw.encoding == "gb18030"
    assert source.codes == [(42, "undecodable")]


def test_nul_bytes_are_removed_and_told(read, cdnow):
    text = "customer,date,cds,value\n" + "".join(",".join(row) + "\n" for row in cdnow)
    source = read(text.encode().replace(b"00002", b"00\x00002", 1))
    assert [(note.code, note.given) for note in source.raw.notes] == [
        ("nul_bytes_removed", "1 NUL bytes")
    ]
    assert source.cells == [tuple(row) for row in cdnow]


@pytest.mark.parametrize("encoding", ["cp1251", "koi8-r", "iso8859-7"])
def test_what_no_encoding_explains_is_refused_with_the_remedy(read, encoding):
    text = {"iso8859-7": "Πελάτης,Ημερομηνία\nΓιώργος,Αθήνα\n"}.get(
        encoding, "Клиент,Город,Дата\nИванов,Москва,2024-01-05\nПетров,Казань,2024-01-06\n"
    )
    with pytest.raises(SourceError, match="--encoding"):
        read(text.encode(encoding))
    assert read(text.encode(encoding), encoding=encoding).raw.columns[0] == text.split(",")[0]


def test_a_named_encoding_wins_and_an_unknown_one_is_refused(read):
    text = "客戶,日期\n王小明,2024-01-05\n"
    assert read(text.encode("big5"), encoding="big5").cells == [("王小明", "2024-01-05")]
    with pytest.raises(OptionError, match="klingon"):
        read(text, encoding="klingon")
    with pytest.raises(OptionError, match="base64"):
        read(text, encoding="base64")
