"""What is sealed, handed in and scored, in the one form that the scorer writes and anybody can check offline."""
