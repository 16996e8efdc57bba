"""Effects where nobody was held out at random: what must be believed then, and what was tried.

Enters: outcomes by unit and period. Leaves: an effect with its interval or the reason why there
is none, and each assumption in words with whether it was tested.
"""
