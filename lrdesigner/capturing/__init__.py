"""Groups and schedules read off live torch objects: from their description as plain data to a design.

`description` has these data; `recognised`, `transformers_schedules`, `stairs` and `sampled` make schedules of them,
which `tracks` chooses between; `options`, `names` and `design` do the rest. `folding` makes one group of param groups
that mean one, by `layered` and `exemptions`; `followers` links groups with one schedule. `live` captures in this
process, `job` in a child.
"""
