"""Who is about to leave: early warning with reasons, learnt from how others left before.

Enters: panels of customers at past dates (or any table with a label). Leaves: a model as small
JSON that scores rows batch by batch: probability with interval, warning level, reasons.
"""
