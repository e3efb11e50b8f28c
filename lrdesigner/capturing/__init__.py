"""Groups and schedules read off live torch objects: from their description as plain data to a design.

`description` has these data; `recognised` and `sampled` make schedules of them, which `tracks` chooses between;
`options`, `names` and `design` do the rest. `live` captures in this process, `job` in a child.
"""
