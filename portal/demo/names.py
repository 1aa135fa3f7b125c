"""The invented names of the demo: every family name has Sim in it, so nobody takes one for a person's (pure)."""

GIVEN = {
    "F": ("Ada", "Beryl", "Celia", "Dora", "Edith", "Flora", "Greta", "Hilda", "Iris", "Joan", "Kitty", "Lena"),
    "M": ("Alan", "Basil", "Cecil", "Denis", "Ernest", "Frank", "George", "Harold", "Ivor", "Jack", "Ken", "Leo"),
}
FAMILY = ("Simfield", "Simmonds-Sim", "Simworth", "Simley", "Simbury", "Simcote", "Simstead", "Simwell")
