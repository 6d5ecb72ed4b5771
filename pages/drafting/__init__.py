"""The steps of a question draft as forms: each field stands for one place of the question file, nothing else is touched."""
