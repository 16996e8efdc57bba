"""Who will leave, what each is worth, what they will want next; and how far to believe it.

Enters: the fact tables as they were known at past dates. Leaves: models as small texts, scores
of every customer with their intervals and reasons, and the scorecard that earned them.
"""
