"""The command line: `concours COMMAND`, and the same commands as aliases of `manage.py`. One file per command.

A command is a module with `add_arguments(parser)` and `run(arguments, out, err)`, which returns the exit code and raises
`CommandError` for a call that cannot be carried out. Only the module of the command that was called is imported, so that
`concours --help` needs neither numpy nor a model.
"""
