"""Delimited texts: every kind of mess, with every record accounted for on its own line."""

from __future__ import annotations

import csv
import gzip
import io
import random

import pytest

from tenure.activity.sources import lines as line_stream
from tenure.kernel import OptionError, SourceError

HEADER = ["customer_id", "date", "number_of_cds", "dollar_value"]


def joined(rows, delimiter=",", end="\n"):
    return "".join(delimiter.join(row) + end for row in rows)


def test_the_real_cdnow_master_is_read_to_the_last_row(read_many, shared_data):
    (source,) = read_many(shared_data / "CDNOW_master.txt")
    assert source.raw.rows == 69_659
    assert source.raw.columns == ("customer_id", "date", "number_of_cds", "dollar_value")
    assert (source.raw.delimiter, source.raw.header_row) == (" ", 1)
    assert source.rows[0] == ("00001", "19970101", "1", "11.77", 2)
    assert (
        source.rows[-1] == ("23570", "19970326", "2", "25.74", 69_660) or source.lines[-1] == 69_660
    )
    assert source.raw.content_sha256.startswith("eff6889ed364c519")


def test_a_file_without_headers_has_numbered_columns_and_loses_no_row(read_many, shared_data):
    (source,) = read_many(shared_data / "CDNOW_sample.txt")
    assert source.raw.rows == 6_919
    assert source.raw.header_row is None
    assert source.raw.columns == tuple(f"column_{n}" for n in range(1, 6))
    assert source.rows[0] == ("00004", "0001", "19970101", "2", "29.33", 1)


def test_quoted_chinese_reviews_with_commas_inside_are_read_whole(read_many, shared_data):
    (source,) = read_many(shared_data / "ChnSentiCorp_htl_all.csv")
    with (shared_data / "ChnSentiCorp_htl_all.csv").open(encoding="utf-8", newline="") as file:
        expected = [tuple(cell or None for cell in row) for row in csv.reader(file)]
    assert source.cells == expected[1:]


def test_quotes_that_enclose_nothing_are_characters(read_many, shared_data):
    for name in ("imdb", "yelp", "amazon_cells"):
        path = shared_data / f"{name}_labelled.txt"
        (source,) = read_many(path)
        lines = path.read_bytes().decode().split("\n")[:-1]
        assert source.cells == [tuple(line.rstrip("\r").split("\t")) for line in lines]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\r\r\n"])
def test_delimiters_and_line_ends_are_detected(read, cdnow, delimiter, end):
    source = read(joined([HEADER, *cdnow], delimiter, end))
    assert source.raw.delimiter == delimiter
    assert source.cells == [tuple(row) for row in cdnow]
    assert source.lines == list(range(2, len(cdnow) + 2))


def test_decimal_commas_do_not_hide_the_semicolon(read, cdnow):
    rows = [[*row[:3], row[3].replace(".", ",")] for row in cdnow]
    source = read(joined([HEADER, *rows], ";"))
    assert source.raw.delimiter == ";"
    assert source.cells == [tuple(row) for row in rows]


def test_a_delimiter_given_by_a_person_wins(read):
    source = read("a|b,c|d\n1|2,3|4\n", delimiter=",")
    assert source.raw.columns == ("a|b", "c|d")
    with pytest.raises(OptionError, match="delimiter"):
        read("a,b\n1,2\n", delimiter="::")


def test_excels_hint_line_names_the_delimiter(read):
    source = read("sep=;\nid;price\n7;1,5\n8;2,5\n")
    assert source.raw.columns == ("id", "price")
    assert source.skipped == [(1, "skipped_preamble")]
    assert source.lines == [3, 4]


def test_a_column_of_texts_alone_is_one_column(read):
    source = read("email\na@example.org\nb@example.org\n")
    assert source.raw.columns == ("email",)
    assert source.raw.delimiter is None
    assert source.lines == [2, 3]


# Line numbers


def test_line_numbers_are_physical_after_blank_lines_and_quoted_line_ends(read):
    text = 'id,note\n1,a\n\n2,"b\nb2\n\nb4"\n  \n,\n3,"say ""hi"", ok"\n4,d'
    source = read(text)
    assert source.rows == [
        ("1", "a", 2),
        ("2", "b\nb2\n\nb4", 4),
        ("3", 'say "hi", ok', 10),
        ("4", "d", 11),
    ]


def test_line_numbers_hold_in_a_large_file_of_every_mess(read, cdnow, monkeypatch):
    monkeypatch.setattr(line_stream, "CHUNK_BYTES", 4_096)
    generator, expected, rejected, text = random.Random(7), [], [], [",".join(HEADER)]
    kinds = ["clean", "clean", "blank", "quoted", "lines", "wide", "short", "open"]
    for index in range(8_000):
        row = [*cdnow[index % len(cdnow)]]
        kind = generator.choice(kinds)
        line = len(text) + 1
        if kind == "blank":
            text.append("")
            continue
        if kind == "quoted":
            row[2] = 'a ""b"", c'
        if kind == "lines":
            row[2] = "a\nb,\n\nc"
        if kind == "wide":
            row.append("more")
        if kind == "short":
            row = row[:2]
        written = ",".join(f'"{c}"' if c[0] == "a" else c for c in row)
        if kind == "open":
            written = ",".join([row[0], '"' + row[1] + '" x', *row[2:]])
        text += written.split("\n")
        if kind in ("wide", "open"):
            rejected.append((line, "too_many_columns" if kind == "wide" else "bad_quoting"))
        else:
            cells = [c.replace('""', '"') for c in row] + [None] * (4 - len(row))
            expected.append((*cells, line))
    source = read("\n".join(text) + "\n")
    assert source.rows == expected
    assert source.codes == rejected


def test_a_parallel_scan_gives_each_row_its_own_line(read, connection):
    count = 400_000
    body = "".join(f"{n},2024-01-01,{n * 3}\n" for n in range(2, count + 2))
    path = read("id,date,value\n" + body).raw.relation
    wrong = connection.execute(
        f"SELECT count(*) FROM {path} WHERE id <> CAST(source_row AS VARCHAR)"
    ).fetchone()
    assert wrong == (0,)


# What cannot be split


def test_a_record_with_too_many_cells_is_rejected_with_its_text(read):
    source = read("id,date,value\n1,2024-01-01,5\n2,2024-01-01,1,234\n3,2024-01-02,7\n")
    assert source.lines == [2, 4]
    (record,) = source.rejected
    assert record[:3] == (3, "2,2024-01-01,1,234", "too_many_columns")
    assert "3 cells" in record[4]
    assert record[5]


def test_an_open_quote_rejects_its_own_line_only(read):
    body = "".join(f'{n},"note {n}",2024-01-01\n' for n in range(3, 500))
    source = read('id,note,date\n1,x,2024-01-01\n2,"open,2024-01-01\n' + body)
    assert source.codes == [(3, "bad_quoting")]
    assert source.lines == [2, *range(4, 501)]


def test_an_open_quote_on_the_last_line_is_rejected_too(read):
    source = read('id,note\n1,a\n2,"b\n')
    assert source.codes == [(3, "bad_quoting")]


def test_a_quote_inside_a_bare_cell_is_a_character(read):
    source = read('id,note,size\n1,5" pipe,a\n2,the "big" one,b\n3,x,c\n')
    assert source.cells[:2] == [("1", '5" pipe', "a"), ("2", 'the "big" one', "b")]


def test_a_short_record_is_padded_not_lost(read):
    source = read("id,date,value\n1,2024-01-01,5\n2\n3,2024-01-02,7\n4,2024-01-02,7\n")
    assert source.cells[1] == ("2", None, None)


def test_a_delimiter_at_the_end_of_every_record_makes_a_column_not_rejects(read):
    source = read("id,date,value\n1,2024-01-01,5,\n2,2024-01-01,6,\n")
    assert source.raw.columns == ("id", "date", "value", "column_4")
    assert source.cells == [("1", "2024-01-01", "5", None), ("2", "2024-01-01", "6", None)]


# Headers and footers


def test_titles_above_the_headers_are_listed(read, cdnow):
    text = "CDNOW purchases\nExported by: anna\n\n" + joined([HEADER, *cdnow])
    source = read(text)
    assert source.raw.header_row == 4
    assert source.skipped == [(1, "skipped_preamble"), (2, "skipped_preamble")]
    assert source.lines[0] == 5
    assert source.raw.rows == len(cdnow)


def test_totals_and_remarks_below_the_body_are_listed(read, cdnow):
    text = joined([HEADER, *cdnow]) + "\nTotal,,7010,98765.43\nExported on 2024-05-01\n\n"
    source = read(text)
    last = len(cdnow) + 1
    assert source.skipped == [(last + 2, "skipped_footer"), (last + 3, "skipped_footer")]
    assert source.raw.rows == len(cdnow)


@pytest.mark.parametrize("footer", ["合计,,12,345.6", "总计：3000,,,", "小计,,1,2", "共 123 条"])
def test_chinese_footers_are_listed(read, cdnow, footer):
    header = ["客户编号", "下单日期", "数量", "金额"]
    source = read((joined([header, *cdnow]) + footer + "\n").encode("gb18030"))
    assert source.raw.encoding == "gb18030"
    assert source.raw.columns == tuple(header)
    assert source.skipped == [(len(cdnow) + 2, "skipped_footer")]
    assert source.cells == [tuple(row) for row in cdnow]


@pytest.mark.parametrize(
    "last", ["00017,1997", "00017", "Total Wine,19970101,1,11.77", "Summers,19970101,1,5.00"]
)
def test_a_last_record_that_is_cut_or_looks_like_a_total_is_kept(read, cdnow, last):
    source = read(joined([HEADER, *cdnow]) + last + "\n")
    assert source.skipped == []
    assert source.raw.rows == len(cdnow) + 1


def test_a_total_in_the_middle_of_the_body_is_kept(read, cdnow):
    text = joined([HEADER, *cdnow[:50]]) + "Total,,1,2\n" + joined(cdnow[50:])
    assert read(text).raw.rows == len(cdnow) + 1


def test_a_quoted_cell_that_ends_like_a_remark_is_no_footer(read):
    source = read('id,note\n1,a\n2,"first\nlast words here"\n')
    assert source.rows[-1] == ("2", "first\nlast words here", 3)


def test_repeated_and_blank_headers_get_names_of_their_own(read):
    source = read("id,,Name,name,source_row,column_2\n1,2,a,b,3,4\n5,6,c,d,7,8\n")
    assert source.raw.columns == (
        "id",
        "column_2",
        "Name",
        "name_2",
        "source_row_2",
        "column_2_2",
    )
    assert source.cells[0] == ("1", "2", "a", "b", "3", "4")


def test_headers_with_a_line_end_or_a_quote_inside(read):
    source = read('"customer\nid","the ""date"""\n7,2024-01-01\n8,2024-01-02\n')
    assert source.raw.columns == ("customer id", 'the "date"')
    assert (source.raw.header_row, source.lines) == (1, [3, 4])


def test_a_person_can_say_where_the_headers_are(read):
    text = "2020,2021\n2022,2023\n1,2\n"
    assert read(text, header_row=0).raw.rows == 3
    named = read(text, header_row=2)
    assert (named.raw.columns, named.lines) == (("2022", "2023"), [3])
    assert named.skipped == [(1, "skipped_preamble")]
    with pytest.raises(OptionError, match="header row"):
        read(text, header_row=9)


def test_headers_without_records_are_a_source_of_no_rows(read):
    source = read("id,date,value\n")
    assert source.raw.columns == ("id", "date", "value")
    assert source.raw.rows == 0


# Sizes and compression


def test_a_gzipped_csv_is_the_csv_inside(read, cdnow):
    text = joined([HEADER, *cdnow]).encode()
    plain, packed = read(text), read(gzip.compress(text), "orders.csv.gz")
    assert packed.cells == plain.cells
    assert packed.raw.content_sha256 == plain.raw.content_sha256
    assert packed.raw.bytes == len(gzip.compress(text))
    with pytest.raises(SourceError, match="gzip"):
        read(gzip.compress(text)[:-400], "cut.csv.gz")


def test_ten_thousand_columns_are_read_and_more_are_refused(read):
    names = [f"c{n}x" for n in range(10_000)]
    source = read(",".join(names) + "\n" + ",".join("1" * 10_000) + "\n")
    assert source.raw.columns == tuple(names)
    with pytest.raises(SourceError, match="10001 columns"):
        read(",".join([*names, "more"]) + "\n" + ",".join("1" * 10_001) + "\n")


def test_a_line_without_end_is_refused(read, monkeypatch):
    monkeypatch.setattr(line_stream, "MAX_LINE_BYTES", 100_000)
    monkeypatch.setattr(line_stream, "CHUNK_BYTES", 50_000)
    with pytest.raises(SourceError, match="a line longer than"):
        read("id,note\n1," + "x" * 300_000 + "\n")


def test_a_cell_of_a_megabyte_is_kept(read):
    long = "x" * 3_000_000
    assert read(f"id,note\n1,{long}\n2,y\n").cells[0] == ("1", long)


def test_rows_survive_a_round_trip_through_csv_of_any_text(read, cdnow):
    generator = random.Random(3)
    alphabet = ['"', ",", "\n", "a", "é", "客", " ", ";", "'", "\\"]
    rows = [
        [row[0], "".join(generator.choices(alphabet, k=generator.randint(1, 9))) + "z", row[1]]
        for row in cdnow
    ]
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerows([["customer", "note", "date"], *rows])
    assert read(file.getvalue()).cells == [tuple(row) for row in rows]


def test_one_misplaced_quote_among_well_quoted_records_is_found(read, cdnow):
    records = [",".join(f'"{cell}"' for cell in row) for row in [HEADER, *cdnow]]
    records[100] = records[100].replace('",', '" x,', 1)
    records[200] = records[200].replace(',"', ',y"', 1)
    source = read("\n".join(records))
    assert source.codes == [(101, "bad_quoting")]
    assert source.cells[198][1] == f'y"{cdnow[199][1]}"'
    assert source.raw.rows == len(cdnow) - 1


@pytest.mark.parametrize("chunk_bytes", [4, 5, 6, 7, 64])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_where_the_file_is_cut_into_chunks_changes_nothing(
    read, monkeypatch, chunk_bytes, encoding, end
):
    text = '客户,备注,日期\n1,"甲\n\n乙",2024\n\n2,"a ""b"",c",2025\n3,x,y,z\n合计,2\n'
    content = text.replace("\n", end).encode(encoding)
    whole = read(content)
    monkeypatch.setattr(line_stream, "CHUNK_BYTES", chunk_bytes)
    monkeypatch.setattr(line_stream, "MAX_LINE_BYTES", 60)
    cut = read(content, encoding=encoding)
    assert cut.rows == whole.rows == [("1", "甲\n\n乙", "2024", 2), ("2", 'a "b",c', "2025", 6)]
    assert cut.codes == whole.codes == [(7, "too_many_columns")]
    assert cut.skipped == whole.skipped == [(8, "skipped_footer")]
