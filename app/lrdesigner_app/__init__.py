"""The window of LR Designer: adapts the core's store to Qt, draws it, and sends edits. It never loads torch."""
