"""The standard stars that a simulated night can observe."""
