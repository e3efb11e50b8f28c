"""Faults of a design file: what they are, and opening a file in spite of them.

`fault` says what a fault is and how long it stands; `mending` finds them in the plain JSON values (it is imported
only when a file has one), with `hints` about types, `sentences` for people and `references` for what is said twice.
"""

from lrdesigner.faults.fault import Fault as Fault
from lrdesigner.faults.fault import Opened as Opened
