"""Rankings, placings and announcements."""

from leaderboard.models.announcement import Announcement
from leaderboard.models.ranking import Placing, Ranking

__all__ = ["Announcement", "Placing", "Ranking"]
