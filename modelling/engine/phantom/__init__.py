"""Invented people whose bones, images and outcomes follow from one known truth; every file of them says SIMULATED."""
