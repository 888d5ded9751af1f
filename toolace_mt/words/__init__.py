"""What the turns say: coarse words from the plan, and the rules that a rewording must keep."""
