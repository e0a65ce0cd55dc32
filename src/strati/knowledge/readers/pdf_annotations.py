"""What people put on a PDF page: values of form fields, notes, comments on highlighted text, attached files."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from strati.knowledge.document import Attachment
from strati.knowledge.locator import Box
from strati.knowledge.readers.pdf_page import Shown

_SILENT = {"LINK", "POPUP", "MOVIE", "SCREEN", "PRINTERMARK", "TRAPNET", "WATERMARK", "THREED", "RICHMEDIA"}
_AT_MOST = 10_000  # on a page


class Written(NamedTuple):
    """Words on a page that are not part of its content; `field` tells the value of a form from a note."""

    text: str
    box: Box
    field: bool


def written_on(pdf: Any, page: Any) -> Iterator[Written]:
    """The values of filled form fields and the texts of notes, in the order of the file."""
    import pypdfium2.raw as pdfium

    silent = {getattr(pdfium, f"FPDF_ANNOT_{name}") for name in _SILENT}
    form = pdf.formenv.raw if pdf.formenv else None
    shown = Shown(page)
    for annotation in _each(pdfium, page):
        kind = pdfium.FPDFAnnot_GetSubtype(annotation)
        if kind == pdfium.FPDF_ANNOT_WIDGET:
            text = _field(pdfium, form, annotation) if form else ""
        else:
            text = "" if kind in silent else _string(pdfium.FPDFAnnot_GetStringValue, annotation, b"Contents")
        text = "\n".join(line.strip() for line in re.split(r"[\r\n]+", text) if line.strip())
        if text:
            yield Written(text, _box(pdfium, annotation, shown), kind == pdfium.FPDF_ANNOT_WIDGET)


def attached(page: Any) -> Iterator[Attachment]:
    """The files that hang on a page."""
    import pypdfium2.raw as pdfium

    for annotation in _each(pdfium, page):
        if pdfium.FPDFAnnot_GetSubtype(annotation) != pdfium.FPDF_ANNOT_FILEATTACHMENT:
            continue
        file = pdfium.FPDFAnnot_GetFileAttachment(annotation)
        if not file:
            continue
        size = ctypes.c_ulong()
        if not pdfium.FPDFAttachment_GetFile(file, None, 0, ctypes.byref(size)) or not 0 < size.value < 1 << 31:
            continue
        data = ctypes.create_string_buffer(size.value)
        if pdfium.FPDFAttachment_GetFile(file, data, size.value, ctypes.byref(size)):
            yield Attachment(_string(pdfium.FPDFAttachment_GetName, file) or "attached file", data.raw)


def _each(pdfium: Any, page: Any) -> Iterator[Any]:
    for number in range(min(pdfium.FPDFPage_GetAnnotCount(page.raw), _AT_MOST)):
        annotation = pdfium.FPDFPage_GetAnnot(page.raw, number)
        if annotation:
            try:
                yield annotation
            finally:
                pdfium.FPDFPage_CloseAnnot(annotation)


def _field(pdfium: Any, form: Any, annotation: Any) -> str:
    """`name: value` of a filled field; "" for an empty one, a button or a signature."""
    kind = pdfium.FPDFAnnot_GetFormFieldType(form, annotation)
    if kind in (pdfium.FPDF_FORMFIELD_CHECKBOX, pdfium.FPDF_FORMFIELD_RADIOBUTTON):
        checked = pdfium.FPDFAnnot_IsChecked(form, annotation)
        value = _string(pdfium.FPDFAnnot_GetFormFieldExportValue, form, annotation) if checked else ""
    elif kind in (pdfium.FPDF_FORMFIELD_TEXTFIELD, pdfium.FPDF_FORMFIELD_COMBOBOX, pdfium.FPDF_FORMFIELD_LISTBOX):
        value = _string(pdfium.FPDFAnnot_GetFormFieldValue, form, annotation)
    else:
        return ""
    name = _string(pdfium.FPDFAnnot_GetFormFieldAlternateName, form, annotation)
    name = name or _string(pdfium.FPDFAnnot_GetFormFieldName, form, annotation).rpartition(".")[2]
    name = re.sub(r"\[\d+\]$", "", name).strip()
    return f"{name}: {value}" if name and value.strip() else value


def _string(get: Any, *arguments: Any) -> str:
    """What a function of PDFium gives as UTF-16 when it is asked for the length first."""
    length = int(get(*arguments, None, 0))
    if not 2 < length < 1 << 24:
        return ""
    buffer = (ctypes.c_ushort * (length // 2 + 1))()
    get(*arguments, buffer, length)
    return bytes(buffer)[: length - 2].decode("utf-16-le", "replace").replace("\0", "")


def _box(pdfium: Any, annotation: Any, shown: Shown) -> Box:
    area = pdfium.FS_RECTF()
    if not pdfium.FPDFAnnot_GetRect(annotation, ctypes.byref(area)):
        return Box(0, 0, 0, 0)
    left, right = sorted((area.left, area.right))
    bottom, top = sorted((area.bottom, area.top))
    return shown.box(left, bottom, right, top)
