"""The inspector of the selected group, the strip of its schedule's segments, and the lane of its freezing."""

from lrdesigner_app.schedule_editor.freeze_lane import FreezeLane as FreezeLane
from lrdesigner_app.schedule_editor.inspector import Inspector as Inspector
from lrdesigner_app.schedule_editor.outlet import FormOutlet as FormOutlet
from lrdesigner_app.schedule_editor.segment_strip import SegmentStrip as SegmentStrip
from lrdesigner_app.schedule_editor.struct_form import StructForm as StructForm
