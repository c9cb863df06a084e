"""What a run is made of: the texts of its parts, its record, and the way back to both from its folder."""
