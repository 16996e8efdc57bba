"""The best choice of one action per customer under several budgets at once, and what it proves."""
