"""Python colouring of a whole text document, by pygments."""

from __future__ import annotations

from PySide6.QtGui import QColor, QFont, QSyntaxHighlighter, QTextCharFormat, QTextDocument

from lrdesigner_app.theme import Theme

# Inks with at least 4.5:1 on the surface of their appearance.
_INK = {
    "light": {"keyword": "#7a2a9e", "string": "#1b6e3c", "number": "#a3450f", "comment": "#5d6678", "name": "#2d4fc4"},
    "dark": {"keyword": "#c9a0ff", "string": "#8fd6a4", "number": "#f2b27a", "comment": "#98a1b2", "name": "#8fb0ff"},
}


class PythonHighlighter(QSyntaxHighlighter):
    """Colours blocks from tokens found once per text, so that multi-line strings come out right."""

    def __init__(self, document: QTextDocument, theme: Theme) -> None:
        super().__init__(document)
        self._theme = theme
        self._spans: dict[int, list[tuple[int, int, str]]] = {}

    def set_source(self, source: str) -> None:
        """Find the tokens of a new text; call before the document gets it."""
        from pygments import lex  # imported with the first text: it is not needed to open the window
        from pygments.lexers.python import PythonLexer

        self._spans = {}
        line = column = 0
        for token, text in lex(source, PythonLexer(stripnl=False, ensurenl=False)):
            kind = _kind(str(token))
            for number, part in enumerate(text.split("\n")):
                if number:
                    line, column = line + 1, 0
                if part and kind:
                    self._spans.setdefault(line, []).append((column, len(part), kind))
                column += len(part)

    def highlightBlock(self, text: str) -> None:
        inks = _INK["dark" if self._theme.dark else "light"]
        for column, length, kind in self._spans.get(self.currentBlock().blockNumber(), ()):
            form = QTextCharFormat()
            form.setForeground(QColor(inks[kind]))
            if kind == "keyword":
                form.setFontWeight(QFont.Weight.DemiBold)
            self.setFormat(column, length, form)


def _kind(token: str) -> str | None:
    for start, kind in (
        ("Token.Comment", "comment"),
        ("Token.Literal.String", "string"),
        ("Token.Literal.Number", "number"),
        ("Token.Keyword", "keyword"),
        ("Token.Operator.Word", "keyword"),
        ("Token.Name.Function", "name"),
        ("Token.Name.Class", "name"),
    ):
        if token.startswith(start):
            return kind
    return None
