"""What caused what: assignment and holdouts, effect estimates, and who responds to an action.

Enters: customers and their outcomes. Leaves: arms that anybody can work out again, effects with
their intervals, and rankings by what an action changes.
"""
