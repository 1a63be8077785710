"""Messages: texts, the decision on every recipient, and delivery that sends nothing twice."""
