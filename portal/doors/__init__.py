"""The doors of `./run`: what starts before Django does, and brings database, broker and secrets along."""
