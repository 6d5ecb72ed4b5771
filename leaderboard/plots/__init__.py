"""Pictures of a board as SVG text: presentation attributes only (a strict content policy), the page's own text colour.

Every picture takes its words from the caller, who can translate them, and carries a title and a description for readers
who do not see it. Shapes also carry classes (`plot-…`), so that a style sheet can change any colour.
"""
