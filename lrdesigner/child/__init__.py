"""The child's side of a job: the only code that imports torch and runs the user's files.

It runs under the user's interpreter (3.10 or newer), so it needs nothing but the standard library and torch, and
imports nothing else of this program. `lrdesigner.jobs.protocol` describes what goes in and out.
"""
