"""Quantities of pQCT: Stratec's own names as symbols; the site in per cent of the forearm stands after `@` (pure)."""

from collections.abc import Iterator
from typing import Final

from modelling.engine.features.quantities import PQCT, Quantity

DISTAL: Final = "4"
SHAFTS: Final = ("20", "33", "50", "66")
SITES: Final = (DISTAL, *SHAFTS)
"""Sites of a pQCT, per cent of the forearm from its hand end, as `pq_site` of the form `pqc` names them."""

_STRATEC = "XCT manual, Stratec Medizintechnik; Rantalainen et al., J Musculoskelet Neuronal Interact 11:243 (2011)"
_SSI = "Schiessl et al. (1996); Ferretti et al., Bone 18:97 (1996)"
_BEAM = "theory of bending of beams; Rantalainen et al., J Musculoskelet Neuronal Interact 11:243 (2011)"
_RIGID = "composite beam theory; E = 10 GPa (density / 1000)^1.7, Poisson's ratio 0.3"
_REPEAT = "repeat scans of the radius, XCT 3000, n = 35"

_MG = "mg HA/cm3"
_TOTAL = (
    (
        "total_content",
        "TOT_CNT",
        "mg/mm",
        "Total content",
        2,
        "density x area: mineral of 1 mm of bone",
        "total_content",
    ),
    ("total_density", "TOT_DEN", _MG, "Total density", 1, "mean density within the outline", "total_density"),
    ("total_area", "TOT_A", "mm2", "Total area", 1, "pixels within the outline x their area", "total_area"),
)
_TRABECULAR = (
    (
        "trabecular_content",
        "TRAB_CNT",
        "mg/mm",
        "Trabecular content",
        2,
        "density x area of the inner 45 %",
        "content_of",
    ),
    ("trabecular_density", "TRAB_DEN", _MG, "Trabecular density", 1, "mean density of the inner 45 %", "density_of"),
    ("trabecular_area", "TRAB_A", "mm2", "Trabecular area", 1, "the inner 45 % of the outline", "area_of"),
)
_CORTICAL = (
    (
        "cortical_content",
        "CRT_CNT",
        "mg/mm",
        "Cortical content",
        2,
        "density x area at or above 690 mg/cm3",
        "content_of",
    ),
    (
        "cortical_density",
        "CRT_DEN",
        _MG,
        "Cortical density",
        1,
        "mean of the pixels at or above 690 mg/cm3",
        "density_of",
    ),
    (
        "cortical_area",
        "CRT_A",
        "mm2",
        "Cortical area",
        1,
        "pixels at or above 550 mg/cm3 x their area",
        "cortical_area",
    ),
    (
        "cortical_thickness",
        "CRT_THK_C",
        "mm",
        "Cortical thickness by a circular ring",
        2,
        "(sqrt(total area) - sqrt(total - cortical area)) / sqrt(pi)",
        "ring_thickness",
    ),
)
_MOMENTS = (
    (
        "moment_x",
        "I_x",
        "mm4",
        "Second moment about the side-to-side axis",
        1,
        "sum of y2 h2 over the cortex",
        "sections.moments",
    ),
    (
        "moment_y",
        "I_y",
        "mm4",
        "Second moment about the back-to-front axis",
        1,
        "sum of x2 h2 over the cortex",
        "sections.moments",
    ),
    ("moment_polar", "I_p", "mm4", "Polar moment", 1, "I_x + I_y", "sections.moments"),
    (
        "moment_max",
        "I_max",
        "mm4",
        "Greatest second moment",
        1,
        "about the axis hardest to bend about",
        "sections.moments",
    ),
    (
        "moment_min",
        "I_min",
        "mm4",
        "Least second moment",
        1,
        "about the axis easiest to bend about",
        "sections.moments",
    ),
)
_RIGIDITY = (
    ("rigidity_axial", "EA", "kN", "Section rigidity in compression", 1, "sum of E h2", "sections.rigidity"),
    (
        "rigidity_bending_max",
        "EI_max",
        "N m2",
        "Greatest section rigidity in bending",
        2,
        "sum of E d2 h2",
        "sections.rigidity",
    ),
    (
        "rigidity_bending_min",
        "EI_min",
        "N m2",
        "Least section rigidity in bending",
        2,
        "sum of E d2 h2",
        "sections.rigidity",
    ),
    (
        "rigidity_torsional",
        "GJ",
        "N m2",
        "Section rigidity in torsion",
        2,
        "sum of G r2 h2, G = E / 2.6",
        "sections.rigidity",
    ),
)
_BSI = (
    "bsi",
    "BSIc",
    "mg2/mm4",
    "Bone strength index in compression",
    1,
    "total area x (total density / 1000)2",
    "strength_in_compression",
)
_SSI_ROW = (
    "ssi",
    "SSI_p",
    "mm3",
    "Polar stress-strain index",
    1,
    "sum of r2 h2 density / 1200, over r_max",
    "sections.stress_strain_index",
)

_FIELD: Final = {
    "total_content": "pq_tot_cnt", "total_density": "pq_tot_den", "total_area": "pq_tot_a",
    "trabecular_density": "pq_trab_den", "trabecular_area": "pq_trab_a", "cortical_density": "pq_crt_den",
    "cortical_area": "pq_crt_a", "cortical_thickness": "pq_crt_thk", "ssi": "pq_ssi", "bsi": "pq_bsi",
}  # fmt: skip
_CV: Final = {("total_content", DISTAL): 1.3, ("trabecular_content", DISTAL): 7.5, ("cortical_density", "20"): 0.7}


def _list_rows() -> Iterator[Quantity]:
    for site in SITES:
        special = (*_TRABECULAR, _BSI) if site == DISTAL else (*_CORTICAL, _SSI_ROW, *_MOMENTS)
        rows = [*_TOTAL, *special, *_RIGIDITY]
        for what, symbol, unit, title, decimals, definition, function in rows:
            cv = _CV.get((what, site))
            yield Quantity(
                name=f"{PQCT}.{what}@{site}",
                symbol=symbol,
                unit=unit,
                title=f"{title}, {site} % radius",
                decimals=decimals,
                definition=definition,
                source=_source_of(what),
                function=function if "." in function else f"densitometry.{function}",
                cv_percent=cv,
                cv_source=_REPEAT if cv else "",
                field=_FIELD.get(what, ""),
            )


def _source_of(what: str) -> str:
    if what.startswith("rigidity"):
        return _RIGID
    return {"ssi": _SSI, "bsi": "Kontulainen et al., J Musculoskelet Neuronal Interact 8:401 (2008)"}.get(
        what, _BEAM if what.startswith("moment") else _STRATEC
    )


ROWS: Final = tuple(_list_rows())
