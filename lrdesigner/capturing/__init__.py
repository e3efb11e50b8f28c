"""Groups and schedules read off live torch objects: from their description as plain data to a design."""

from lrdesigner.capturing.design import Captured as Captured
from lrdesigner.capturing.design import captured_design as captured_design
from lrdesigner.capturing.live import capture as capture
from lrdesigner.capturing.live import capture_with_notes as capture_with_notes
