"""Free text over HTTP: the rare words of a question for organisers, texts to read for organisers and readers."""

from __future__ import annotations

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field, inline_serializer
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from anonymization.models import ExamText
from anonymization.rare_words import rare_words
from anonymization.texts import WordChoice, decide_words, mark_text, pieces_of
from challenges.charter import require_signature
from challenges.lookup import organised_question
from challenges.models import Challenge, Charter, Question
from concours.deid.values import safe_text, word_runs
from core.body import Body, read_body, takes

WORDS = inline_serializer(
    "RareWords",
    {
        "count": serializers.IntegerField(),
        "results": inline_serializer(
            "RareWord",
            {
                "question": serializers.CharField(),
                "word": serializers.CharField(),
                "texts": serializers.IntegerField(),
                "contexts": serializers.ListField(child=serializers.CharField()),
            },
            many=True,
        ),
    },
)


class WordsBody(Body):
    """Which words are kept, which are removed, and which are replaced, each with its replacement."""

    question = serializers.CharField()
    keep = serializers.ListField(child=serializers.CharField(max_length=60), default=list)
    remove = serializers.ListField(child=serializers.CharField(max_length=60), default=list)
    replace = serializers.DictField(child=serializers.CharField(max_length=60), default=dict)


class WordViewSet(viewsets.ViewSet):
    """The remaining rare words of a question's texts."""

    @extend_schema(
        parameters=[OpenApiParameter("question", str, description="challenge/question")], responses={200: WORDS}
    )
    def list(self, request: Request) -> Response:
        """Every word that nobody has decided on, the most frequent first, with what stands around it."""
        address = request.query_params.get("question", "")
        questions = Question.objects.filter(challenge__in=Challenge.objects.organised_by(request.user))
        if address:
            questions = questions.filter(pk=organised_question(request.user, address).pk)
        rows = [
            {
                "question": f"{question.challenge.slug}/{question.slug}",
                "word": row.word,
                "texts": row.texts,
                "contexts": ["".join(context) for context in row.contexts],
            }
            for question in questions.select_related("challenge").order_by("pk")
            for row in rare_words(question)
        ]
        return Response({"count": len(rows), "results": rows})

    @takes(WordsBody, responses={201: inline_serializer("WordsDecided", {"decided": serializers.IntegerField()})})
    def create(self, request: Request) -> Response:
        """Decides words for every text of the question, those that come later included."""
        body = read_body(request)
        question = organised_question(request.user, body["question"])
        choices = [WordChoice(word, True) for word in body["keep"]]
        choices += [WordChoice(word, False) for word in body["remove"]]
        choices += [WordChoice(word, False, text) for word, text in body["replace"].items()]
        return Response({"decided": decide_words(question=question, choices=choices, actor=request.user)}, status=201)


class TextSerializer(serializers.ModelSerializer[ExamText]):
    """A text that waits; `words` are those that can be marked, under their places. Nothing says where it comes from."""

    question = serializers.SerializerMethodField()
    text = serializers.SerializerMethodField()
    words = serializers.SerializerMethodField()

    class Meta:
        model = ExamText
        fields = ["id", "question", "place", "step", "text", "words"]

    def get_question(self, row: ExamText) -> str:
        return f"{row.exam.question.challenge.slug}/{row.exam.question.slug}"

    def get_text(self, row: ExamText) -> str:
        return safe_text(pieces_of(row))

    @extend_schema_field({"type": "object", "additionalProperties": {"type": "string"}})
    def get_words(self, row: ExamText) -> dict[int, str]:
        if row.step != ExamText.Step.ANNOTATORS:
            return {}
        return {run.place: run.text for run in word_runs(pieces_of(row)) if run.place is not None}


class TextFilter(filters.FilterSet):
    challenge = filters.CharFilter(field_name="exam__question__challenge__slug")
    question = filters.CharFilter(field_name="exam__question__slug")

    class Meta:
        model = ExamText
        fields = ["step", "challenge", "question"]


class MarkBody(Body):
    places = serializers.ListField(child=serializers.IntegerField(min_value=0), default=list)


class TextViewSet(viewsets.ReadOnlyModelViewSet[ExamText]):
    """Texts that are not done: all for organisers, those to read for readers."""

    serializer_class = TextSerializer
    filterset_class = TextFilter

    def get_queryset(self) -> QuerySet[ExamText]:
        rows = ExamText.objects.visible_to(self.request.user).waiting()
        return rows.select_related("exam__question__challenge").order_by("pk")

    @takes(MarkBody, responses={200: inline_serializer("TextDone", {"step": serializers.CharField()})})
    @action(detail=True, methods=["post"])
    def mark(self, request: Request, pk: str | None = None) -> Response:
        """The person has read the text: the words at these places are removed, and it is done."""
        row = self.get_object()
        challenge = row.exam.question.challenge
        if not Challenge.objects.organised_by(request.user).filter(pk=challenge.pk).exists():
            require_signature(request.user, challenge, Charter.Audience.READER)
        mark_text(text=row, places=read_body(request)["places"], actor=request.user)
        return Response({"step": ExamText.Step.DONE})
