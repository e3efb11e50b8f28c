"""A short tour of the window for those who see it for the first time."""

from lrdesigner_app.tour.hints import HINTS as HINTS
from lrdesigner_app.tour.hints import Hint as Hint
from lrdesigner_app.tour.tour import Tour as Tour
