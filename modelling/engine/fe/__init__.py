"""Voxel finite elements: how stiff and how strong a bone is, from its image alone (no Django, no files)."""
