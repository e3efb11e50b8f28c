"""The model tree: what it shows, how it is filtered, and what its keys and drags do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import numpy as np
import pytest
from msgspec.structs import replace
from PySide6.QtCore import QEvent, QItemSelectionModel, QModelIndex, QObject, QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from lrdesigner import edits, rule_edits
from lrdesigner.document import Design, Model, new_design
from lrdesigner.filtered_rows import filtered
from lrdesigner.inventory import BufferInfo, Inventory, ModuleInfo, ParameterInfo
from lrdesigner.queries import parse
from lrdesigner.store import Store
from lrdesigner_app import dragging
from lrdesigner_app.model_tree import ModelTreePanel
from lrdesigner_app.model_tree.names import group_name
from lrdesigner_app.model_tree.tree_model import NAME, SIZE, TYPE, TreeModel
from lrdesigner_app.notices import Notice
from lrdesigner_app.theme import DARK, Theme
from lrdesigner_app.workspace import Workspace

FATAL = QAbstractItemModelTester.FailureReportingMode.Fatal
TIP = Qt.ItemDataRole.ToolTipRole


@pytest.fixture
def tied_inventory() -> Inventory:
    """A language model in small: the head shares the embedding's weight, the position table is frozen."""
    return Inventory(
        modules=tuple(
            ModuleInfo(*m) for m in (("", "GPT"), ("wte", "Embedding"), ("wpe", "Embedding"), ("lm_head", "Linear"))
        ),
        parameters=(
            ParameterInfo("wte.weight", (1000, 8), "float32", 8000, True),
            ParameterInfo("wpe.weight", (16, 8), "float32", 128, False),
            ParameterInfo("lm_head.weight", (1000, 8), "float32", 8000, True, "wte.weight"),
        ),
    )


@pytest.fixture
def panel(workspace: Workspace, qtbot: QtBot) -> ModelTreePanel:
    return shown(workspace, qtbot)


def shown(workspace: Workspace, qtbot: QtBot) -> ModelTreePanel:
    made = ModelTreePanel(workspace)
    qtbot.addWidget(made)
    made.resize(330, 700)
    with qtbot.waitExposed(made):
        made.show()
    return made


def paths_below(model: TreeModel, parent: QModelIndex | None = None) -> Iterator[str]:
    parent = parent if parent is not None else QModelIndex()
    for row in range(model.rowCount(parent)):
        index = model.index(row, 0, parent)
        yield model.path(index)
        yield from paths_below(model, index)


def text(panel: ModelTreePanel, path: str, column: int) -> str:
    return str(panel.model.index_of(path).siblingAtColumn(column).data() or "")


def colours(panel: ModelTreePanel, path: str) -> tuple[int, ...]:
    return panel.model.marks(panel.model.index_of(path)).colours


def notices(workspace: Workspace) -> list[Notice]:
    found: list[Notice] = []
    workspace.signals.notice_posted.connect(found.append)
    return found


def pins(workspace: Workspace) -> dict[str, int]:
    return {pin.path: pin.group for pin in workspace.design.pins}


# What it shows


def test_the_item_model_keeps_the_contract_through_every_kind_of_change(
    workspace: Workspace, tied_inventory: Inventory
) -> None:
    model = TreeModel(workspace.design)
    tester = QAbstractItemModelTester(model, FATAL)
    model.set_design(edits.assign(workspace.design, ["classifier.1"], 2))
    model.set_shown(filtered(workspace.design.model.inventory, parse("*.bias")).shown)
    model.set_design(new_design(Model("other", {}, tied_inventory)))
    model.set_shown(np.zeros(len(model.rows), dtype=np.bool_))
    model.set_shown(None)
    model.set_design(new_design(Model("ordered", {}, replace(tied_inventory, order=("", "wpe", "wte")))))
    model.set_forward(True)
    model.set_design(new_design(Model()))
    assert tester.model() is model


def test_rows_follow_the_hierarchy_with_parameters_under_their_modules(panel: ModelTreePanel) -> None:
    found = list(paths_below(panel.model))
    assert found[:5] == ["", "features", "features.0", "features.0.weight", "features.0.bias"]
    assert len(found) == 25
    assert text(panel, "", NAME) == "LeNet"
    assert text(panel, "features.0", NAME) == "0"


def test_types_shapes_and_human_counts_are_shown(panel: ModelTreePanel) -> None:
    assert text(panel, "features.0", TYPE) == "Conv2d"
    assert text(panel, "classifier.1.weight", TYPE) == "120 \N{MULTIPLICATION SIGN} 400"
    assert text(panel, "", SIZE) == "62.0 K"
    assert text(panel, "features.1", SIZE) == ""
    assert "62,006 parameters" in panel.model.index_of("").data(TIP)


def test_a_shared_tensor_counts_once_in_every_sum(
    workspace: Workspace, qtbot: QtBot, tied_inventory: Inventory
) -> None:
    workspace.store.open(new_design(Model("gpt", {}, tied_inventory)))
    panel = shown(workspace, qtbot)
    assert text(panel, "lm_head", SIZE) == "8.00 K"
    assert "8,128 parameters" in panel.model.index_of("").data(TIP)


def test_ties_and_freezing_are_marked_and_explained(
    workspace: Workspace, qtbot: QtBot, tied_inventory: Inventory
) -> None:
    workspace.store.open(new_design(Model("gpt", {}, tied_inventory)))
    panel = shown(workspace, qtbot)
    model = panel.model
    assert model.marks(model.index_of("lm_head.weight")).tied
    assert "one tensor with wte.weight" in model.index_of("lm_head.weight").data(TIP)
    assert "one tensor with lm_head.weight" in model.index_of("wte.weight").data(TIP)
    assert model.marks(model.index_of("wpe")).frozen
    assert not model.marks(model.index_of("")).frozen
    assert "requires_grad" in model.index_of("wpe.weight").data(TIP)


def test_pinning_one_name_of_a_shared_tensor_marks_both(
    workspace: Workspace, qtbot: QtBot, tied_inventory: Inventory
) -> None:
    workspace.store.open(new_design(Model("gpt", {}, tied_inventory)))
    panel = shown(workspace, qtbot)
    panel.select_paths(("lm_head.weight",))
    panel.group_from_selection()
    assert panel.model.marks(panel.model.index_of("wte.weight")).pinned
    assert panel.model.marks(panel.model.index_of("lm_head.weight")).pinned


def test_squares_show_the_group_and_are_split_over_several(panel: ModelTreePanel) -> None:
    assert colours(panel, "features") == (1,)
    assert colours(panel, "classifier.1.bias") == (0,)
    assert colours(panel, "") == (0, 1)
    assert colours(panel, "features.1") == ()


def test_the_tooltip_says_why_a_row_is_in_its_group(panel: ModelTreePanel) -> None:
    model = panel.model
    assert "in backbone: pinned here" in model.index_of("features").data(TIP)
    assert "in backbone: pinned by features" in model.index_of("features.0.bias").data(TIP)
    assert "in everything: the remainder takes what no pin reaches" in model.index_of("classifier").data(TIP)
    assert "in 2 groups: everything 59.1 K, backbone 2.87 K" in model.index_of("").data(TIP)


def test_a_row_can_be_read_aloud(panel: ModelTreePanel) -> None:
    spoken = panel.model.index_of("features").data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == "features, Sequential, 2.87 K parameters, in backbone, pinned"


def test_a_small_model_is_opened_to_its_layers(panel: ModelTreePanel) -> None:
    assert panel.view.isExpanded(panel.model.index_of("features"))
    assert not panel.view.isExpanded(panel.model.index_of("features.0"))


def test_the_models_own_row_stays_open(panel: ModelTreePanel) -> None:
    panel.view.collapse(panel.model.index_of(""))
    assert panel.view.isExpanded(panel.model.index_of(""))


def test_without_a_model_the_panel_says_how_to_begin(workspace: Workspace, qtbot: QtBot) -> None:
    panel = shown(workspace, qtbot)
    workspace.store.open(new_design(Model()))
    assert panel.message.isVisible()
    assert panel.message.text().startswith("Open a model to begin")
    assert not panel.filter.isEnabled()


def test_types_get_a_column_only_where_there_is_room(panel: ModelTreePanel) -> None:
    assert panel.view.isColumnHidden(TYPE)
    panel.resize(600, 700)
    QApplication.processEvents()
    assert not panel.view.isColumnHidden(TYPE)


# Keys, menu and drags


def test_number_keys_assign_the_selection(panel: ModelTreePanel, workspace: Workspace, qtbot: QtBot) -> None:
    panel.select_paths(("classifier.1", "classifier.3"))
    qtbot.keyClick(panel.view, Qt.Key.Key_2)
    assert pins(workspace) == {"classifier.1": 2, "classifier.3": 2, "features": 2}
    assert workspace.store.undo_label == "Assign 2 modules to backbone"
    assert colours(panel, "classifier.3.bias") == (1,)
    workspace.store.undo()
    assert colours(panel, "classifier.3.bias") == (0,)


def test_zero_unpins(panel: ModelTreePanel, workspace: Workspace, qtbot: QtBot) -> None:
    panel.select_paths(("features",))
    qtbot.keyClick(panel.view, Qt.Key.Key_0)
    assert pins(workspace) == {}
    assert workspace.store.undo_label == "Unpin features"


def test_n_makes_a_group_named_after_the_module_and_selects_it(
    panel: ModelTreePanel, workspace: Workspace, qtbot: QtBot
) -> None:
    panel.select_paths(("classifier",))
    qtbot.keyClick(panel.view, Qt.Key.Key_N)
    assert workspace.selected_group.name == "classifier"
    assert pins(workspace)["classifier"] == workspace.selected_group.id


def test_the_whole_model_can_be_pinned(panel: ModelTreePanel, workspace: Workspace) -> None:
    panel.select_paths(("",))
    panel.assign_selection(2)
    assert pins(workspace) == {"": 2, "features": 2}
    assert panel.model.marks(panel.model.index_of("")).pinned


def test_other_letters_still_search_and_modifiers_are_left_alone(
    panel: ModelTreePanel, workspace: Workspace, qtbot: QtBot
) -> None:
    panel.select_paths(("",))
    qtbot.keyClick(panel.view, Qt.Key.Key_C)
    assert panel.selected_paths() == ("classifier",)
    qtbot.keyClick(panel.view, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    assert pins(workspace) == {"features": 2}


@pytest.mark.parametrize(
    ("paths", "act", "says"),
    [
        ((), "assign", "Select modules"),
        ((), "unpin", "Select modules"),
        ((), "group", "Select modules"),
        (("features",), "assign", "There is no group 7"),
        (("classifier",), "unpin", "Nothing selected carries a pin"),
    ],
)
def test_what_cannot_be_done_is_said_and_changes_nothing(
    panel: ModelTreePanel, workspace: Workspace, paths: tuple[str, ...], act: str, says: str
) -> None:
    found, before = notices(workspace), workspace.design
    panel.view.select_paths(paths)
    actions = {"assign": lambda: panel.assign_selection(7 if paths else 1)}
    actions |= {"unpin": panel.unpin_selection, "group": panel.group_from_selection}
    actions[act]()
    assert [says in notice.text for notice in found] == [True]
    assert workspace.design is before


def actions_of(menu: QMenu) -> dict[str, QObject]:
    return {action.text().partition("\t")[0]: action for action in menu.actions() if action.text()}


def test_the_menu_does_what_the_keys_do(panel: ModelTreePanel, workspace: Workspace) -> None:
    panel.select_paths(("classifier",))
    menu = panel.context_menu()
    groups = cast("QMenu", menu.actions()[0].menu())
    assert [action.text() for action in groups.actions()] == ["everything\t1", "backbone\t2"]
    groups.actions()[1].trigger()
    assert pins(workspace)["classifier"] == 2
    again = panel.context_menu()
    next(action for action in again.actions() if action.text().startswith("Unpin")).trigger()
    assert "classifier" not in pins(workspace)
    next(action for action in again.actions() if action.text().startswith("New group")).trigger()
    assert workspace.selected_group.name == "classifier"


def test_the_menu_offers_only_what_is_possible(panel: ModelTreePanel) -> None:
    panel.view.select_paths(())
    assert not any(action.isEnabled() for action in panel.context_menu().actions() if action.text())
    panel.select_paths(("classifier",))
    enabled = {a.text().partition("\t")[0]: a.isEnabled() for a in panel.context_menu().actions() if a.text()}
    assert enabled == {
        "Assign to": True, "New group from selection": True, "Unpin": False, "Make the filter a rule…": False,
        "Why is it here?": True, "Expand all below": True, "Copy name": True,
    }  # fmt: skip


def test_the_menu_key_opens_the_menu_at_the_current_row(panel: ModelTreePanel, qtbot: QtBot) -> None:
    panel.select_paths(("classifier",))
    with qtbot.waitSignal(panel.view.menu_requested) as asked:
        event = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(0, 0), QPoint(0, 0))
        QApplication.sendEvent(panel.view.viewport(), event)
    row = panel.view.visualRect(panel.model.index_of("classifier"))
    assert panel.view.viewport().mapFromGlobal(asked.args[0]).y() == row.bottom()
    popup = QApplication.activePopupWidget()
    assert isinstance(popup, QMenu)
    popup.close()


def test_a_drag_carries_paths_only_and_a_chip(panel: ModelTreePanel) -> None:
    panel.select_paths(("classifier", "features.0"))
    drag = panel.view.drag()
    assert drag is not None
    assert drag.mimeData().formats() == [dragging.MIME]
    assert dragging.decode(drag.mimeData()) == ("features.0", "classifier")
    assert drag.pixmap().width() > 100
    panel.view.select_paths(())
    assert panel.view.drag() is None


def test_the_item_models_mime_data_names_each_row_once(panel: ModelTreePanel) -> None:
    index = panel.model.index_of("features")
    data = panel.model.mimeData([index, index.siblingAtColumn(SIZE)])
    assert dragging.decode(data) == ("features",)
    assert panel.model.supportedDragActions() == Qt.DropAction.CopyAction
    assert panel.model.mimeTypes() == [dragging.MIME]


@pytest.mark.parametrize(
    ("paths", "name"),
    [
        (["features"], "features"),
        ([""], "LeNet"),
        (["features.0"], "features.0"),
        (["classifier.1.bias"], "bias"),
        (["classifier.1.bias", "features.0.bias"], "bias"),
        (["classifier.1", "classifier.3"], "classifier"),
        (["classifier", "features.0"], "group"),
        (["x" * 90], "x" * 60),
        ([], "group"),
    ],
)
def test_groups_are_named_after_what_they_hold(paths: list[str], name: str) -> None:
    assert group_name(paths, "LeNet") == name


# Filter


def test_a_filter_shows_matches_with_what_is_around_them_opened(panel: ModelTreePanel) -> None:
    panel.set_filter("*.bias ndim:1 classifier")
    assert list(paths_below(panel.model)) == [
        "", "classifier", "classifier.1", "classifier.1.bias", "classifier.3", "classifier.3.bias",
        "classifier.5", "classifier.5.bias",
    ]  # fmt: skip
    assert panel.view.isExpanded(panel.model.index_of("classifier.5"))
    assert text(panel, "classifier", SIZE) == "59.1 K"


def test_a_matching_module_stays_folded_and_can_be_looked_into(panel: ModelTreePanel) -> None:
    panel.set_filter("type:Linear")
    index = panel.model.index_of("classifier.1")
    assert panel.model.rowCount(index) == 2
    assert not panel.view.isExpanded(index)


def test_a_filter_without_result_says_so(panel: ModelTreePanel) -> None:
    panel.set_filter("attention")
    assert panel.message.isVisible()
    assert "attention" in panel.message.text()
    panel.clear_filter()
    assert panel.view.isVisible()


def test_an_unreadable_filter_shows_what_is_wrong(panel: ModelTreePanel) -> None:
    panel.set_filter("ndim:many")
    assert "wants a number" in panel.message.text()
    assert not panel.bar.count.isVisible()
    assert panel.filter.property("invalid")


def test_typing_filters_after_a_moment(panel: ModelTreePanel, qtbot: QtBot) -> None:
    panel.focus_filter()
    qtbot.keyClicks(panel.filter, "conv type:Conv2d"[5:])
    qtbot.waitUntil(lambda: "classifier" not in set(paths_below(panel.model)), timeout=2000)


def test_control_f_goes_to_the_filter_and_escape_clears_it(panel: ModelTreePanel, qtbot: QtBot) -> None:
    qtbot.keyClick(panel.view, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert panel.filter.hasFocus()
    panel.set_filter("features.0")
    qtbot.keyClick(panel.filter, Qt.Key.Key_Escape)
    assert panel.filter.text() == ""
    assert len(list(paths_below(panel.model))) == 25
    qtbot.keyClick(panel.filter, Qt.Key.Key_Escape)
    assert panel.view.hasFocus()


def test_escape_in_the_tree_clears_the_filter(panel: ModelTreePanel, qtbot: QtBot) -> None:
    panel.set_filter("features.0")
    qtbot.keyClick(panel.view, Qt.Key.Key_Escape)
    assert panel.filter.text() == ""


def test_enter_selects_what_was_found_ready_for_a_key(
    panel: ModelTreePanel, workspace: Workspace, qtbot: QtBot
) -> None:
    panel.filter.setText("*.bias")
    qtbot.keyClick(panel.filter, Qt.Key.Key_Return)
    assert len(panel.selected_paths()) == 5
    qtbot.keyClick(panel.view, Qt.Key.Key_N)
    assert workspace.selected_group.name == "bias"
    assert len(pins(workspace)) == 6


def test_select_all_means_the_model_or_what_the_filter_found(panel: ModelTreePanel) -> None:
    panel.view.selectAll()
    assert panel.selected_paths() == ("",)
    panel.set_filter("classifier.*.bias")
    panel.view.selectAll()
    assert panel.selected_paths() == ("classifier.1.bias", "classifier.3.bias", "classifier.5.bias")


def test_too_many_matches_are_not_selected_but_said(
    panel: ModelTreePanel, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lrdesigner_app.model_tree.panel.MAX_SELECTED", 4)
    found = notices(workspace)
    panel.set_filter("*.bias")
    panel.view.selectAll()
    assert panel.selected_paths() == ()
    assert [notice.text.startswith("5 rows match") for notice in found] == [True]
    assert found[0].action is not None
    assert found[0].action[0] == "Make rule…"


def test_the_filter_keeps_selection_and_gives_back_what_was_open(panel: ModelTreePanel) -> None:
    panel.view.expand(panel.model.index_of("features.0"))
    panel.view.collapse(panel.model.index_of("classifier"))
    panel.select_paths(("features.0",))
    panel.set_filter("bias")
    assert panel.view.isExpanded(panel.model.index_of("classifier"))
    assert panel.selected_paths() == ("features.0",)
    panel.clear_filter()
    assert panel.selected_paths() == ("features.0",)
    assert panel.view.isExpanded(panel.model.index_of("features.0"))
    assert not panel.view.isExpanded(panel.model.index_of("classifier"))


def test_a_filter_counts_what_a_rule_would_fit(panel: ModelTreePanel) -> None:
    assert not panel.bar.count.isVisible()
    panel.set_filter("type:Linear")
    assert panel.bar.count.text() == "6 tensors in 3 modules"
    assert panel.bar.count.toolTip() == "59,134 parameters"
    panel.set_filter("type:ReLU")
    assert panel.bar.count.text() == "No tensors"
    assert not panel.bar.rule.isEnabled()


def test_what_lies_in_a_match_matches_and_the_outermost_are_selected(panel: ModelTreePanel) -> None:
    panel.set_filter("classifier")
    panel.view.selectAll()
    assert panel.selected_paths() == ("classifier",)
    panel.set_filter("!classifier")
    panel.view.selectAll()
    assert panel.selected_paths() == ("features",)


def test_of_very_many_matches_the_first_are_opened_and_the_rest_can_be(theme: Theme, qtbot: QtBot) -> None:
    modules = [ModuleInfo("", "Big")]
    modules += [ModuleInfo(f"{i}{inner}", "Linear") for i in range(1500) for inner in ("", ".a")]
    parameters = tuple(ParameterInfo(f"{i}.a.weight", (2, 2), "float32", 4, True) for i in range(1500))
    made = Workspace(Store(new_design(Model("big", {}, Inventory(tuple(modules), parameters)))), theme)
    panel = shown(made, qtbot)
    panel.set_filter("*.a")
    assert panel.view.isExpanded(panel.model.index_of("0"))
    assert not panel.view.isExpanded(panel.model.index_of("1499"))
    found = notices(made)
    panel.view.select_paths(("",))
    qtbot.keyClick(panel.view, Qt.Key.Key_Asterisk)
    assert "too much" in found[-1].text


# From the filter to a rule


def choose(panel: ModelTreePanel, name: str) -> None:
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    next(action for action in menu.actions() if action.text().endswith(name)).trigger()
    menu.close()


def test_a_filter_becomes_a_rule_for_a_group(panel: ModelTreePanel, workspace: Workspace, qtbot: QtBot) -> None:
    panel.filter.setText("*.bias")
    qtbot.keyClick(panel.filter, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    choose(panel, "backbone")
    assert (workspace.design.rules[-1].where, workspace.design.rules[-1].group) == ("*.bias", 2)
    assert workspace.store.undo_label == "Rule *.bias for backbone"
    assert panel.model.marks(panel.model.index_of("classifier.1.bias")).ruled
    assert not panel.model.marks(panel.model.index_of("classifier.1.weight")).ruled


def test_a_filter_becomes_a_rule_for_a_new_group_in_one_edit(
    panel: ModelTreePanel, workspace: Workspace, qtbot: QtBot
) -> None:
    before = workspace.design
    panel.set_filter("classifier *.weight")
    panel.bar.rule.click()
    with qtbot.waitSignal(panel.group_made):
        choose(panel, "&New group")
    assert workspace.selected_group.name == "classifier *.weight"
    assert workspace.design.rules[-1].group == workspace.selected_group.id
    workspace.store.undo()
    assert workspace.design is before


@pytest.mark.parametrize(("text", "says"), [("", "Type a filter first"), ("nowhere", "finds no tensors")])
def test_a_rule_needs_a_filter_that_finds_something(
    panel: ModelTreePanel, workspace: Workspace, text: str, says: str
) -> None:
    found = notices(workspace)
    panel.set_filter(text)
    panel.ask_for_rule()
    assert says in found[-1].text


# Why is it here?


def asked_why(panel: ModelTreePanel, workspace: Workspace, path: str, qtbot: QtBot) -> Notice:
    found = notices(workspace)
    panel.select_paths((path,))
    qtbot.keyClick(panel.view, Qt.Key.Key_W)
    return found[-1]


def test_the_way_leads_to_the_pin(panel: ModelTreePanel, workspace: Workspace, qtbot: QtBot) -> None:
    panel.set_filter("*.bias")
    notice = asked_why(panel, workspace, "features.0.bias", qtbot)
    assert notice.text == "features.0.bias is in backbone: pinned by features."
    assert notice.action is not None
    notice.action[1]()
    assert panel.selected_paths() == ("features",)


def test_the_way_leads_to_the_rule(panel: ModelTreePanel, workspace: Workspace, qtbot: QtBot) -> None:
    workspace.commit("Rule", rule_edits.add_rule, 2, "*.bias")
    workspace.commit("Rule", rule_edits.add_rule, 2, "type:Linear", "linear layers")
    notice = asked_why(panel, workspace, "classifier.1.weight", qtbot)
    assert notice.text == "classifier.1.weight is in backbone: rule 2, linear layers (type:Linear)."
    assert notice.action is not None
    with qtbot.waitSignal(workspace.signals.rule_shown) as shown_rule:
        notice.action[1]()
    assert shown_rule.args == [1]
    several = asked_why(panel, workspace, "classifier.1", qtbot)
    assert several.text.endswith("1 tensor in backbone: rule 1, *.bias.")
    assert several.action is None


def test_what_needs_no_way_has_none(panel: ModelTreePanel, workspace: Workspace, qtbot: QtBot) -> None:
    assert asked_why(panel, workspace, "classifier", qtbot).action is None
    assert asked_why(panel, workspace, "features", qtbot).text == "features is in backbone: pinned here."
    assert asked_why(panel, workspace, "features.1", qtbot).text.endswith("in no group: it holds no parameters.")


def test_what_an_optimizer_refuses_is_marked_and_explained(panel: ModelTreePanel, workspace: Workspace) -> None:
    workspace.commit("Pin", edits.assign, ["classifier"], 2)
    workspace.commit("Muon", edits.set_optimizer, 2, "Muon")
    model = panel.model
    assert model.marks(model.index_of("classifier.1.bias")).refused
    assert model.marks(model.index_of("classifier")).refused
    assert not model.marks(model.index_of("classifier.1.weight")).refused
    assert "not in backbone" in model.index_of("classifier.1.bias").data(TIP)
    assert "3 of its tensors are not in backbone" in model.index_of("classifier").data(TIP)


# What is told beside


def test_buffers_stand_in_the_tooltip_and_lazy_shapes_in_their_column(
    workspace: Workspace, qtbot: QtBot, tied_inventory: Inventory
) -> None:
    buffers = tuple(BufferInfo(f"wpe.{name}", (3, 4), "float32") for name in "abcdefgh")
    lazy = ParameterInfo("wte.late", (), "float32", 0, True, None, True)
    found = replace(tied_inventory, buffers=buffers, parameters=(*tied_inventory.parameters, lazy))
    workspace.store.open(new_design(Model("gpt", {}, found)))
    panel = shown(workspace, qtbot)
    assert "a 3 \N{MULTIPLICATION SIGN} 4, " in panel.model.index_of("wpe").data(TIP)
    assert "and 2 more" in panel.model.index_of("wpe").data(TIP)
    assert "buffers" not in panel.model.index_of("wte").data(TIP)
    assert text(panel, "wte.late", TYPE) == "lazy"
    assert "first forward pass" in panel.model.index_of("wte.late").data(TIP)


def test_names_can_be_copied(panel: ModelTreePanel, qtbot: QtBot) -> None:
    panel.select_paths(("features.0", "classifier"))
    qtbot.keyClick(panel.view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.clipboard().text() == "features.0\nclassifier"


def test_modules_can_stand_in_the_order_of_a_forward_pass(
    workspace: Workspace, qtbot: QtBot, tied_inventory: Inventory
) -> None:
    order = ("", "wpe", "wte", "wpe")
    workspace.store.open(new_design(Model("gpt", {}, replace(tied_inventory, order=order))))
    panel = shown(workspace, qtbot)
    titles = [action.text() for action in panel.context_menu().actions()]
    assert "Order" in titles
    panel.set_forward(True)
    assert [panel.model.rows.paths[row] for row in panel.model.children_of(0)] == ["wpe", "wte", "lm_head"]
    panel.set_forward(False)
    assert [panel.model.rows.paths[row] for row in panel.model.children_of(0)] == ["wte", "wpe", "lm_head"]


# Following the design


def test_selection_and_opened_rows_are_kept_when_pins_change(panel: ModelTreePanel, workspace: Workspace) -> None:
    panel.view.expand(panel.model.index_of("classifier.1"))
    panel.select_paths(("classifier.1", "features"))
    panel.assign_selection(2)
    assert panel.selected_paths() == ("features", "classifier.1")
    assert panel.view.isExpanded(panel.model.index_of("classifier.1"))


def test_selection_and_opened_rows_are_kept_by_path_when_the_model_is_replaced(
    panel: ModelTreePanel, workspace: Workspace
) -> None:
    panel.view.expand(panel.model.index_of("features.3"))
    panel.select_paths(("features.3", "classifier.5"))
    old = workspace.design.model.inventory
    shorter = replace(
        old,
        modules=tuple(m for m in old.modules if m.path != "classifier.5"),
        parameters=tuple(p for p in old.parameters if not p.name.startswith("classifier.5.")),
    )
    workspace.commit("Reload", edits.set_model, Model("demo:lenet", {}, shorter))
    assert panel.selected_paths() == ("features.3",)
    assert panel.view.isExpanded(panel.model.index_of("features.3"))
    assert not panel.model.index_of("classifier.5").isValid()


def test_a_change_is_announced_once_and_only_if_the_tree_shows_it(panel: ModelTreePanel, workspace: Workspace) -> None:
    panel.model.marks(panel.model.index_of(""))
    changed: list[str] = []
    panel.model.dataChanged.connect(lambda first, last: changed.append(panel.model.path(first)))
    workspace.commit("Rate", edits.set_base_lr, 1, 0.5)
    assert changed == []
    workspace.commit("Assign", edits.assign, ["classifier.5.bias"], 2)
    assert changed == [""]
    changed.clear()
    workspace.commit("Colour", edits.set_colour, 2, 5)
    assert changed
    assert colours(panel, "features") == (5,)


def test_another_design_with_the_same_model_is_shown(
    panel: ModelTreePanel, workspace: Workspace, plain_design: Design
) -> None:
    workspace.store.open(plain_design)
    assert colours(panel, "features") == (0,)


def test_the_appearance_follows_the_theme(panel: ModelTreePanel, theme: Theme) -> None:
    index = panel.model.index_of("classifier")
    place = panel.view.visualRect(index).bottomRight() - QPoint(2, 2)
    panel.view.select_paths(("classifier",))
    before = panel.view.viewport().grab().toImage().pixelColor(place)
    theme.tokens = DARK
    theme.apply()
    theme.changed.emit()
    after = panel.view.viewport().grab().toImage().pixelColor(place)
    assert before.lightness() > 200 > 90 > after.lightness()


def test_hover_and_focus_are_painted_without_complaint(panel: ModelTreePanel) -> None:
    flags = QItemSelectionModel.SelectionFlag.NoUpdate
    panel.view.setFocus()
    panel.view.selectionModel().setCurrentIndex(panel.model.index_of("features"), flags)
    QApplication.sendEvent(panel.view.viewport(), QEvent(QEvent.Type.Enter))
    assert not panel.grab().isNull()


def test_ten_thousand_rows_are_laid_out_and_filtered_quickly(theme: Theme, qtbot: QtBot) -> None:
    modules = [ModuleInfo("", "Big")] + [ModuleInfo(f"layers.{i}", "Linear") for i in range(5000)]
    modules.insert(1, ModuleInfo("layers", "ModuleList"))
    parameters = tuple(ParameterInfo(f"layers.{i}.weight", (2, 2), "float32", 4, True) for i in range(5000))
    design = new_design(Model("big", {}, Inventory(tuple(modules), parameters)))
    panel = shown(Workspace(Store(design), theme), qtbot)
    panel.set_filter("type:Linear layers.49*")
    assert text(panel, "", SIZE) == "20.0 K"
    panel.select_paths(("layers",))
    panel.clear_filter()
    panel.group_from_selection()
    assert colours(panel, "layers.4999.weight") == (1,)


def test_a_checkpoint_of_names_only_opens_as_far_as_there_is_room(workspace: Workspace, qtbot: QtBot) -> None:
    names = ("layers.0.out.weight", "layers.0.out.bias", "layers.1.out.weight")
    modules = ("", "layers", "layers.0", "layers.0.out", "layers.1", "layers.1.out")
    found = Inventory(
        tuple(ModuleInfo(path, "") for path in modules),
        tuple(ParameterInfo(name, (4,), "float32", 4, True) for name in names),
    )
    workspace.store.open(new_design(Model("net.ckpt", {}, found)))
    panel = shown(workspace, qtbot)
    assert panel.view.open_paths() == ("", "layers", "layers.0", "layers.1")
    assert not panel.view.isExpanded(panel.model.index_of("layers.0.out"))
