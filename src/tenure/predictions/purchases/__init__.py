"""Purchase models for business without contracts: who is still active, how often, how much.

Enters: each customer's count of repeat purchases, the age at the last one and the age today.
Leaves: probabilities and expected purchases or values, with intervals, for every customer.
"""
