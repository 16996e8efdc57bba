"""When customers will buy next, and what.

Enters: order days and order lines of customers, whole histories at a time. Leaves: for each
customer a range of dates with the chance that she never returns, and a short list of products,
each known or new to her; and whether the simple rule would have done as well.
"""
