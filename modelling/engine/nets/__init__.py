"""The networks: encoders of images and tables, their fusion, and the registry they are made by name from."""
