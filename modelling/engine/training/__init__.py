"""Training and prediction: from a snapshot folder to a model, and from a model to predictions. Pure."""
