"""Property-based checks of tool packs: what is drawn, which laws judge it, how a failure is made short."""
