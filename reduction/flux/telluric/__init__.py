"""Absorption bands of oxygen and water in the atmosphere."""
