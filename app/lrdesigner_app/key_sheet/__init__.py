"""Every key, and what the mouse does beside them, on one sheet."""

from lrdesigner_app.key_sheet.sheet import KeySheet as KeySheet
