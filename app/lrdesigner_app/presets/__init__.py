"""The dialog of presets: known ways to group a model, tried out while the window shows what they do."""

from lrdesigner_app.presets.dialog import PresetsDialog as PresetsDialog
