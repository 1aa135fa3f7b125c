"""Running the portal in containers: images, compose file, and the two programs that prepare an installation."""
