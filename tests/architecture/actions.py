"""What people can do on a page, and the API endpoint that does the same. Tested both ways: neither side may know more."""

# page's route -> API's `METHOD route`. Every page that answers POST stands here.
ACTIONS = {
    "pages:found": "POST challenge-list",
    "pages:open": "POST challenge-open",
    "pages:close": "POST challenge-close",
    "pages:add_centre": "POST centre-list",
    "pages:invite": "POST invitation-list",
    "pages:cancel_invitation": "DELETE invitation-detail",
    "pages:resend_invitation": "POST invitation-resend",
    "pages:revoke_role": "POST role-revoke",
    "pages:revoke_membership": "POST centre-revoke",
    "pages:approve_team": "POST team-approve",
    "pages:waive_team": "POST team-waive",
    "pages:reject_team": "POST team-reject",
    "pages:exclude_entry": "POST team-exclude",
    "pages:plan_moment": "POST challenge-timeline",
    "pages:reschedule_phase": "POST phase-reschedule",
    "pages:edit_challenge": "PATCH challenge-detail",
    "pages:load_question": "POST question-list",
    "pages:publish_charter": "POST charter-list",
    "pages:retry": "POST work-retry",
    "pages:retry_all": "POST work-retry",
    "pages:verify_audit": "GET audit-list",
    "pages:reschedule_batch": "POST batch-reschedule",
    "pages:release_batch": "POST batch-reschedule",
    "pages:choose_face": "POST batch-face",
    "pages:revoke_batch": "POST batch-revoke",
    "pages:draft_split": "POST split-list",
    "pages:freeze_split": "POST split-freeze",
    "pages:rank": "POST ranking-list",
    "pages:rescore": "POST rescore",
    "pages:open_jury": "POST jury",
    "pages:publish": "POST ranking-publish",
    "pages:announce": "POST announcement-list",
    "scoring:cancel": "POST submission-cancel",
    "scoring:choose": "POST submission-choose",
    "scoring:retry": "POST submission-retry",
    "scoring:jury_begin": "POST jury-session-list",
    "scoring:jury_case": "POST jury-session-mark",
    "scoring:jury_finish": "POST jury-session-finish",
    "grading:grade": "POST reading-grade",
    "grading:cannot_judge": "POST reading-cannot-judge",
    "grading:undo": "POST reading-reopen",
    "grading:opened": "GET reading-detail",
    "grading:adjudicate": "POST reading-adjudications",
    "anonymization:confirm": "POST review-confirm",
    "anonymization:refuse": "POST review-refuse",
    "uploads:withdraw": "POST exam-withdraw",
    "challenges:tokens": "POST token-list",
    "challenges:revoke_token": "DELETE token-detail",
    "challenges:invitation": "POST invitation-accept",
    "challenges:charter": "POST charter-sign",
    "challenges:team": "POST team-list",
    "challenges:invite_member": "POST invitation-list",
    "challenges:cancel_member": "DELETE invitation-detail",
    "challenges:resend_member": "POST invitation-resend",
    "challenges:leave": "POST team-leave",
    "challenges:enter": "POST team-enter",
}

# API endpoints that change something and whose page sends to them directly, or is another form of an action above.
WITHOUT_OWN_PAGE = {
    "POST uploads": "the pages `uploads:upload` and `scoring:submit` send bytes to this address themselves",
    "POST submission-list": "a script's one request for what `scoring:submit` does with an upload",
    "PUT question-detail": "`pages:load_question` loads a changed file the same way",
    "POST role-list": "`pages:invite` gives a role to whoever accepts; a script may give it to an account at once",
}

# Pages of libraries and of the site that change nothing of a challenge.
NOT_OF_A_CHALLENGE = ("account_", "mfa_", "set_language", "healthz", "readyz")

# Pairs whose empty requests are not about the same row, so that their answers cannot be held against each other.
OF_DIFFERENT_ROWS = {
    "pages:freeze_split": "the page's form names the split; the endpoint's address does",
    "pages:cancel_invitation": "the page is the organisers'; the endpoint is also for the lead of the invited team",
    "pages:resend_invitation": "the page is the organisers'; the endpoint is also for the lead of the invited team",
    "challenges:cancel_member": "the page is about one's own team; the endpoint is also for organisers",
    "challenges:resend_member": "the page is about one's own team; the endpoint is also for organisers",
    "challenges:leave": "the page is about one's own team; the endpoint's address names a team",
    "challenges:enter": "the page is about one's own team; the endpoint's address names a team",
}
