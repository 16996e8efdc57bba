"""Effects of an action, each with its interval, from sums over the customers of each arm."""
