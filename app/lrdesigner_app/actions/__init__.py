"""The Qt actions, menus and keys of the window, made from one table (`lrdesigner_app.commands.ACTIONS`)."""

from lrdesigner_app.actions.action_set import ActionSet as ActionSet
from lrdesigner_app.actions.spec import ActionSpec as ActionSpec
from lrdesigner_app.actions.spec import Commands as Commands
from lrdesigner_app.actions.spec import Menu as Menu
from lrdesigner_app.actions.spec import Scope as Scope
