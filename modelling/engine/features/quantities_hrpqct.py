"""Quantities of HR-pQCT: the 13 indices of the standard evaluation of the distal radius (pure)."""

from typing import Final

from modelling.engine.features.quantities import HRPQCT, Quantity

_BOUXSEIN = "Bouxsein et al., J Bone Miner Res 25:1468 (2010); Whittier et al., Osteoporos Int 31:1607 (2020)"
_HILDEBRAND = "Hildebrand and Rueegsegger, J Microsc 185:67 (1997)"
_BURGHARDT = "Burghardt et al., Bone 47:519 (2010)"
_REPEAT = "XCT2 radius, 71 pairs, contours found by machine"
_MG = "mg HA/cm3"


def _row(
    what: str, symbol: str, unit: str, title: str, decimals: int, definition: str, source: str, cv: float | None
) -> Quantity:
    return Quantity(
        name=f"{HRPQCT}.{what}",
        symbol=symbol,
        unit=unit,
        title=title,
        decimals=decimals,
        definition=definition,
        source=source,
        function=_FUNCTION,
        cv_percent=cv,
        cv_source=_REPEAT if cv else "",
        # The form asks for porosity in per cent.
        field="" if what == "ct_po" else f"hr_{what}",
    )


_FUNCTION: Final = "morphometry.measure_bone"

ROWS: Final = (
    _row("tt_ar", "Tt.Ar", "mm2", "Total area", 1, "volume within the outline / length of the scan", _BOUXSEIN, 0.71),
    _row("tb_ar", "Tb.Ar", "mm2", "Trabecular area", 1, "volume within the cortex / length", _BOUXSEIN, 0.79),
    _row("ct_ar", "Ct.Ar", "mm2", "Cortical area", 1, "volume of the cortex / length", _BOUXSEIN, 0.76),
    _row("ct_pm", "Ct.Pm", "mm", "Cortical perimeter", 1, "mean length of the outline", _BOUXSEIN, None),
    _row("tt_vbmd", "Tt.vBMD", _MG, "Total density", 1, "mean density within the outline", _BOUXSEIN, 0.29),
    _row("tb_vbmd", "Tb.vBMD", _MG, "Trabecular density", 1, "mean density within the cortex", _BOUXSEIN, 0.51),
    _row("ct_vbmd", "Ct.vBMD", _MG, "Cortical density", 1, "mean density of the cortex", _BOUXSEIN, 0.27),
    _row("bvtv", "BV/TV", "1", "Trabecular bone volume fraction", 3, "bone voxels / all, in the trabecular region",
         _BOUXSEIN, 1.00),
    _row("tb_n", "Tb.N", "1/mm", "Trabecular number", 3, "1 / mean distance of the mid-axes", _HILDEBRAND, 1.40),
    _row("tb_th", "Tb.Th", "mm", "Trabecular thickness", 3, "mean local thickness of bone", _HILDEBRAND, 0.63),
    _row("tb_sp", "Tb.Sp", "mm", "Trabecular separation", 3, "mean local thickness of marrow", _HILDEBRAND, 1.06),
    _row("ct_th", "Ct.Th", "mm", "Cortical thickness", 3, "mean local thickness of the cortex, pores filled",
         _BURGHARDT, 0.69),
    _row("ct_po", "Ct.Po", "1", "Cortical porosity", 4, "volume of pores / volume of the cortex", _BURGHARDT, 7.92),
)  # fmt: skip
