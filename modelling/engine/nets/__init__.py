"""The networks: encoders of images and tables, their fusion, and the registry they are made by name from."""

from typing import Final

LIBRARIES: Final = ("torch", "monai.networks.nets.resnet", "safetensors.torch")
"""What they import that takes seconds; named here and imported by the networks alone."""
