"""What a run is given: the frames of its inputs, opened."""
