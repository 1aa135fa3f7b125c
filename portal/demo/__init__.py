"""The demo: a simulated study, made through the services that people use."""
