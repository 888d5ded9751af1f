"""Reading, checking and pinning tool packs, of which nothing is believed."""
