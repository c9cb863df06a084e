"""Excel workbooks as small as they can be, written by hand (ECMA-376, part 1): no library of ours writes any."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

Cell = str | float | bool | None

_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
DATE_STYLE = 1  # of a number that is a date


def workbook(
    sheets: Mapping[str, Sequence[Sequence[Cell]]],
    *,
    hidden: Sequence[str] = (),
    first_row: int = 1,
    dates: Sequence[int] = (),
) -> bytes:
    """Return a workbook.

    Args:
        sheets: The rows of each sheet by its name; None is an empty cell.
        hidden: Sheets that are hidden.
        first_row: The number of the first row.
        dates: Columns, counted from 0, whose numbers are dates.
    """
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        parts = [
            f'<Override PartName="/xl/worksheets/sheet{i + 1}.xml" ContentType="{_TYPES}.worksheet+xml"/>'
            for i in range(len(sheets))
        ]
        archive.writestr(
            "[Content_Types].xml",
            f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types"><Default Extension="xml" ContentType="application/xml"/>'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPES}.sheet.main+xml"/>'
            f'<Override PartName="/xl/styles.xml" ContentType="{_TYPES}.styles+xml"/>{"".join(parts)}</Types>',
        )
        archive.writestr("_rels/.rels", _relations({"r1": ("officeDocument", "xl/workbook.xml")}))
        state = dict.fromkeys(hidden, ' state="hidden"')
        listed = "".join(
            f'<sheet name="{escape(name)}" sheetId="{i + 1}"{state.get(name, "")} r:id="r{i + 1}"/>'
            for i, name in enumerate(sheets)
        )
        archive.writestr(
            "xl/workbook.xml",
            f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{listed}</sheets></workbook>',
        )
        places = {f"r{i + 1}": ("worksheet", f"worksheets/sheet{i + 1}.xml") for i in range(len(sheets))}
        archive.writestr("xl/_rels/workbook.xml.rels", _relations({**places, "rs": ("styles", "styles.xml")}))
        archive.writestr(
            "xl/styles.xml",
            f'{_HEAD}<styleSheet xmlns="{_MAIN}"><fonts count="1"><font/></fonts>'
            '<fills count="1"><fill><patternFill/></fill></fills>'
            '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
            '<cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14" applyNumberFormat="1"/></cellXfs></styleSheet>',
        )
        for i, rows in enumerate(sheets.values()):
            archive.writestr(f"xl/worksheets/sheet{i + 1}.xml", _sheet(rows, first_row, dates))
    return held.getvalue()


def _relations(found: Mapping[str, tuple[str, str]]) -> str:
    each = "".join(
        f'<Relationship Id="{key}" Type="{_OFFICE}/{kind}" Target="{target}"/>' for key, (kind, target) in found.items()
    )
    return f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{each}</Relationships>'


def _sheet(rows: Sequence[Sequence[Cell]], first_row: int, dates: Sequence[int]) -> str:
    written = []
    for number, row in enumerate(rows, start=first_row):
        cells = [_cell(cell, f"{chr(65 + i)}{number}", i in dates) for i, cell in enumerate(row) if cell is not None]
        written.append(f'<row r="{number}">{"".join(cells)}</row>')
    return f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetData>{"".join(written)}</sheetData></worksheet>'


def _cell(cell: Cell, place: str, is_date: bool) -> str:
    if isinstance(cell, str):
        return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{escape(cell)}</t></is></c>'
    if isinstance(cell, bool):
        return f'<c r="{place}" t="b"><v>{int(cell)}</v></c>'
    style = f' s="{DATE_STYLE}"' if is_date else ""
    return f'<c r="{place}"{style}><v>{cell}</v></c>'
