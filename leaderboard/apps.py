from django.apps import AppConfig

from core.registry import register_stage
from scoring.revealed import register_revealed


class LeaderboardConfig(AppConfig):
    name = "leaderboard"

    def ready(self) -> None:
        register_revealed("leaderboard.parts.revealed_parts")
        register_stage("rank_phase", "leaderboard.rank.rank_phase")
        register_stage("mail_announcement", "leaderboard.announce.mail_announcement")
