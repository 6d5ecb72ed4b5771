"""Parameters that several resources of the API take."""

from drf_spectacular.utils import OpenApiParameter

QUESTION = OpenApiParameter("question", str, description="challenge/question")
