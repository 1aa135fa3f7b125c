"""The science, without the portal: it runs by itself, as `python -m modelling.engine`."""
