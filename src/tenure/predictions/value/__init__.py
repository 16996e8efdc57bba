"""What each customer has brought and will bring, and what keeping more of them is worth.

Enters: customers at past dates beside what they spent afterwards; margin, discount rate and costs
of winning customers. Leaves: expected margins with intervals, by the simplest method that nothing
simpler equals, and the worth of one more point of retention with its assumptions in words.
"""
