"""Figures that the project claims, each made by a command."""
