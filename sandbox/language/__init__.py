"""What of Python tool code may use, and at what cost: the source policy, the guards and the step budget."""
