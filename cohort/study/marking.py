"""The mark of origin on API answers: whatever comes from simulated people says so, in its rows and in its header."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cohort.study.models import Origin

HEADER = "X-Trabecula-Origin"


class MarksOrigin(APIView):
    """Names in a header the origins of the rows of an answer; each row carries its own `origin` as well.

    Nothing of human origin is ever marked SIMULATED: an answer that holds both names both.
    """

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        final = super().finalize_response(request, response, *args, **kwargs)
        found = {row["origin"] for row in _rows(getattr(final, "data", None)) if row.get("origin")}
        if Origin.SIMULATED in found:
            final[HEADER] = ", ".join(sorted((str(one).upper() for one in found), reverse=True))
        return final


def _rows(data: Any) -> list[dict[str, Any]]:
    if isinstance(data, dict) and "results" in data:
        data = data["results"]
    if isinstance(data, dict):
        return [data]
    return [row for row in data if isinstance(row, dict)] if isinstance(data, list) else []
