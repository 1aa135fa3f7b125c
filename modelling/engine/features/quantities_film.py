"""Quantities of a radiograph of the wrist (pure)."""

from typing import Final

from modelling.engine.features.quantities import FILM, Quantity

_BARNETT = "Barnett and Nordin, Clin Radiol 11:166 (1960)"
_ROSHOLM = "Rosholm et al., Osteoporos Int 12:961 (2001)"
_HARALICK = "Haralick et al., IEEE Trans SMC 3:610 (1973); IBSI, Zwanenburg et al., Radiology 295:328 (2020)"
_GALLOWAY = "Galloway, Comput Graph Image Process 4:172 (1975); IBSI, Zwanenburg et al., Radiology 295:328 (2020)"
_TENSOR = "Bigun and Granlund, Proc ICCV 433 (1987)"


def _row(
    what: str, symbol: str, unit: str, title: str, decimals: int, definition: str, source: str, function: str
) -> Quantity:
    return Quantity(f"{FILM}.{what}", symbol, unit, title, decimals, definition, source, function)


ROWS: Final = (
    _row("cortical_index", "MCI", "1", "Cortical index of the radius", 3,
         "(W - M) / W, mean of two levels 20 mm apart", _BARNETT, "radiogrammetry.measure_film"),
    _row("cortical_thickness", "2T", "mm", "Both cortices of the radius together", 2,
         "W - M, mean of two levels 20 mm apart", "Tingart et al., J Bone Joint Surg Br 85:611 (2003)",
         "radiogrammetry.measure_film"),
    _row("radius_width", "W", "mm", "Width of the radius", 1, "from outer edge to outer edge", _BARNETT,
         "radiogrammetry.measure_film"),
    _row("marrow_width", "M", "mm", "Width of the marrow of the radius", 1, "from inner wall to inner wall", _BARNETT,
         "radiogrammetry.measure_film"),
    _row("cortical_area", "A", "mm2", "Cortical area of the radius as a round tube", 1,
         "pi T W (1 - T/W), T half of W - M", _ROSHOLM, "cortices.tube_area"),
    _row("area_per_width", "A/W", "mm", "Cortical area over width of the radius", 2,
         "cortical area / W: the geometry of DXR-BMD", _ROSHOLM, "cortices.tube_area"),
    _row("mean_attenuation", "dA", "1", "Mean attenuation of the distal radius over soft tissue", 3,
         "mean of the field less the soft tissue beside it", "Beer and Lambert", "radiogrammetry.measure_film"),
    _row("aluminium_equivalent", "Al", "mm", "Aluminium equivalent of the distal radius over soft tissue", 2,
         "aluminium as bright as the field, by the step wedge on the film, less that of the soft tissue beside it",
         "Cosman et al., Osteoporos Int 2:34 (1991)", "radiogrammetry.measure_film"),
    _row("trabecular_texture", "2H", "1", "Slope of the log-variogram in the distal radius", 2,
         "slope of log V(d) on log d, V(d) = mean (I(x + d) - I(x))2",
         "Pothuaud et al., Bone 42:775 (2008), initial slope", "texture.slope_of_variogram"),
    _row("fractal_dimension", "FD", "1", "Fractal dimension of the distal radius", 2,
         "(8 + s) / 2, s the slope of log power on log frequency", "Benhamou et al., J Bone Miner Res 9:1909 (1994)",
         "texture.fractal_dimension"),
    _row("glcm_contrast", "Contrast", "1", "Grey-level contrast of the distal radius", 2,
         "sum of (i - j)2 p(i, j); bins of half an SD", _HARALICK, "cooccurrence.describe_cooccurrence"),
    _row("glcm_correlation", "Correlation", "1", "Grey-level correlation of the distal radius", 3,
         "sum of (i - mu)(j - mu) p(i, j) / variance; bins of half an SD", _HARALICK,
         "cooccurrence.describe_cooccurrence"),
    _row("glcm_energy", "ASM", "1", "Grey-level uniformity of the distal radius", 4,
         "sum of p(i, j)2; bins of half an SD", _HARALICK, "cooccurrence.describe_cooccurrence"),
    _row("glcm_entropy", "Entropy", "bit", "Grey-level joint entropy of the distal radius", 2,
         "-sum of p log2 p; bins of half an SD", _HARALICK, "cooccurrence.describe_cooccurrence"),
    _row("glrlm_short_runs", "SRE", "1", "Short runs emphasis of the distal radius", 3,
         "mean of 1 / length2 over runs of equal grey; bins of half an SD", _GALLOWAY, "run_lengths.describe_runs"),
    _row("glrlm_long_runs", "LRE", "1", "Long runs emphasis of the distal radius", 2,
         "mean of length2 over runs of equal grey; bins of half an SD", _GALLOWAY, "run_lengths.describe_runs"),
    _row("lbp_entropy", "LBP", "bit", "Entropy of local binary patterns of the distal radius", 2,
         "entropy of the 10 rotation-invariant uniform patterns of 8 neighbours at 1 pixel",
         "Ojala et al., IEEE Trans PAMI 24:971 (2002)", "patterns.entropy_of_patterns"),
    _row("anisotropy", "DA", "1", "Anisotropy of the distal radius", 3,
         "(l1 - l2) / (l1 + l2) of the structure tensor of the field", _TENSOR, "patterns.describe_directions"),
    _row("local_anisotropy", "LDA", "1", "Local anisotropy of the distal radius", 3,
         "mean of (l1 - l2) / (l1 + l2) of the structure tensors of 1 mm", _TENSOR, "patterns.describe_directions"),
    _row("trabecular_direction", "theta", "deg", "Direction of the trabeculae of the distal radius", 1,
         "angle to the axis of the picture along which the field changes least", _TENSOR,
         "patterns.describe_directions"),
)  # fmt: skip
