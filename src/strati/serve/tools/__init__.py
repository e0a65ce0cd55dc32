"""The tools that language models use: the same objects for our agent (`strati agent`) and for others' (`strati mcp`).

A tool is a function with types: its parameters are the schema of a call, its record is the schema of a result, its
docstring says what it does. What goes in and what comes out passes the guards. All of them read; the one that changes
a file (`apply`) is there only for our agent, where a person approves the call by its hash.

`records` is what they return, `tool` one of them behind its guards, `offer` those that some material allows.
"""
