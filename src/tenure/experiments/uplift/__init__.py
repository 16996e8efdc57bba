"""For whom an action changes something: learners, rankings judged, and the value of a policy."""
