from django.apps import AppConfig

from challenges.known import register_known
from core.events import register_handler
from core.registry import register_stage
from formats.child import preload


class ScoringConfig(AppConfig):
    name = "scoring"

    def ready(self) -> None:
        register_known("scoring.known.known_names")
        preload("scoring.warm")
        register_stage("seal_truth", "scoring.seal.seal_truth", on_failed="scoring.seal.seal_failed")
        register_stage(
            "accept_submission", "scoring.accept.accept_submission", on_failed="scoring.accept.acceptance_failed"
        )
        register_stage(
            "validate_submission",
            "scoring.validate.validate_submission",
            on_failed="scoring.validate.validation_failed",
        )
        register_stage("score_submission", "scoring.score.score_submission", on_failed="scoring.score.scoring_failed")
        register_stage("choose_jury_cases", "scoring.jury_cases.choose_jury_cases")
        register_handler("exam_withdrawn", "scoring.seal.take_exam_out_of_truth")
        register_handler("role_revoked", "scoring.jury.end_sessions")
