"""Undo and redo: the documents before and after the present one."""

from __future__ import annotations

from dataclasses import dataclass

from breastwidget.app.document import Document

__all__ = ["History"]

_MOST = 100


@dataclass(frozen=True, eq=False)
class Step:
    """What was done, in words for a tooltip, and the document that it left behind or leads to."""

    label: str
    document: Document


@dataclass(frozen=True, eq=False)
class History:
    """Frozen; each method gives the new history (and the document to show).

    `past` and `future` hold steps, nearest last.
    """

    past: tuple[Step, ...] = ()
    future: tuple[Step, ...] = ()

    @property
    def undo_label(self) -> str:
        """What Undo would take back; empty where there is nothing."""
        return self.past[-1].label if self.past else ""

    @property
    def redo_label(self) -> str:
        """What Redo would do again; empty where there is nothing."""
        return self.future[-1].label if self.future else ""

    def done(self, label: str, before: Document) -> History:
        """`label` changed the document `before` to another; what had been undone is forgotten."""
        return History((*self.past, Step(label, before))[-_MOST:])

    def undo(self, present: Document) -> tuple[History, Document]:
        """Raises `IndexError` where there is nothing to undo."""
        step = self.past[-1]
        return History(self.past[:-1], (*self.future, Step(step.label, present))), step.document

    def redo(self, present: Document) -> tuple[History, Document]:
        """Raises `IndexError` where there is nothing to redo."""
        step = self.future[-1]
        return History((*self.past, Step(step.label, present)), self.future[:-1]), step.document
