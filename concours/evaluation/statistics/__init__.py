"""How sure a board is: bootstrap, rank intervals, paired tests, tie groups, other aggregation rules. Plain and
seeded.
"""
