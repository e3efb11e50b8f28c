"""What is selected within a schedule: a part of it, keys of a curve. Plot, strip and inspector share it."""

from lrdesigner_app.selection.key_selection import KeySelection as KeySelection
from lrdesigner_app.selection.segment_selection import SegmentSelection as SegmentSelection
