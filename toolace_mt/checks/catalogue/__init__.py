"""The words of the rules, one file per family or two."""
