"""Contract models: who renews, how long contracts last, what that is worth in renewals.

Enters: contracts as durations in renewal periods, ended or still running, perhaps seen only from
some age on. Leaves: retention curves, the chance of the next renewal and expected residual tenure
by contract age, with intervals.
"""
