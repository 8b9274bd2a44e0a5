"""Every address of the web process and the gateway, by the name of its route, and what it asks of a request.

A route that has no row here is refused to everybody, and tests/users/access fails: who adds an address adds
its row.
"""

from collections.abc import Mapping
from types import MappingProxyType

from apps.users.access.rules import Rule, Who, acts, admin_model, api, form, in_back_office, page, reads
from apps.users.roles import HOLD_KEYS, USE_BACK_OFFICE, USE_MODELS
from apps.users.scopes import (
    AUDIT_READ,
    EVALUATIONS_READ,
    EVALUATIONS_RUN,
    EVALUATIONS_WRITE,
    FEEDBACK_WRITE,
    FUNCTIONS_IMPORT,
    FUNCTIONS_READ,
    FUNCTIONS_WRITE,
    INFERENCE_READ,
    INFERENCE_RESET,
    INFERENCE_USE,
    INFERENCE_WRITE,
    JOBS_READ,
    JOBS_WRITE,
)

FOR_MACHINES = {
    "live": reads(Who.PUBLIC),
    "ready": reads(Who.PUBLIC),
    "prometheus-django-metrics": reads(Who.SCRAPER),
    "favicon": reads(Who.PUBLIC),
}

ACCOUNT = {
    "account_login": form(Who.PUBLIC),
    "account_logout": form(Who.PUBLIC),
    "account_signup": form(Who.PUBLIC),
    "account_reauthenticate": form(Who.SIGNED_IN),
    "account_email": form(Who.OWN),
    "account_email_verification_sent": reads(Who.PUBLIC),
    "account_confirm_email": form(Who.PUBLIC),
    "account_change_password": form(Who.OWN),
    "account_set_password": form(Who.OWN),
    "account_reset_password": form(Who.PUBLIC),
    "account_reset_password_done": reads(Who.PUBLIC),
    "account_reset_password_from_key": form(Who.PUBLIC),
    "mfa_index": reads(Who.OWN),
    "mfa_authenticate": form(Who.PUBLIC),
    "mfa_reauthenticate": form(Who.SIGNED_IN),
    "mfa_activate_totp": form(Who.OWN),
    "mfa_deactivate_totp": form(Who.OWN),
    "mfa_view_recovery_codes": reads(Who.OWN),
    "mfa_generate_recovery_codes": form(Who.OWN),
    "mfa_list_webauthn": reads(Who.OWN),
    "mfa_add_webauthn": form(Who.OWN),
    "mfa_login_webauthn": form(Who.PUBLIC),
    "mfa_reauthenticate_webauthn": form(Who.SIGNED_IN),
    "mfa_edit_webauthn": form(Who.OWN),
    "mfa_remove_webauthn": form(Who.OWN),
    "users:account": form(Who.OWN),
    "users:join": form(Who.PUBLIC),
    "users:invitation": reads(Who.PUBLIC),
    "users:members": reads("users.view_user"),
    "users:member": reads("users.view_user"),
    "users:invitations": page(GET="users.view_user", POST="users.add_user"),
    "users:resend_invitation": acts("users.add_user"),
    "users:withdraw_invitation": acts("users.add_user"),
    "users:set_member_role": acts("users.change_user"),
    "users:set_member_active": acts("users.change_user"),
    "users:make_member_password_link": acts("users.change_user"),
    "users:remove_member_factors": acts("users.change_user"),
    "users:keys": page(GET=Who.OWN, POST=HOLD_KEYS),
    "users:renew_key": acts(Who.OWN),
    "users:end_key": acts(Who.OWN),
    "users:end_family": acts(Who.OWN),
    "users:sessions": reads(Who.OWN),
    "users:rename_session": acts(Who.OWN),
    "users:end_session": acts(Who.OWN),
    "users:end_other_sessions": acts(Who.OWN),
    "users:session_state": reads(Who.PUBLIC),
    "users:renew_session": acts(Who.PUBLIC),
    "users:signed_in_again": reads(Who.SIGNED_IN),
}

SCREENS = {
    "core:home": reads(Who.SIGNED_IN),
    "core:home_tile": reads(Who.SIGNED_IN),
    "core:design": form(Who.SIGNED_IN),
    "core:palette": reads(Who.SIGNED_IN),
    "core:save_view": acts(Who.SIGNED_IN),
    "core:rename_view": acts(Who.OWN),
    "core:set_default_view": acts(Who.OWN),
    "core:share_view": acts("core.share_savedview"),
    "core:delete_view": acts(Who.OWN),
}

JOBS = {
    "core:jobs": reads("core.view_job"),
    "core:job": reads("core.view_job"),
    "core:change_jobs": acts("core.change_job"),
    "core:cancel_job": acts("core.change_job"),
    "core:see_job": acts("core.change_job"),
}

FUNCTIONS = {
    "functions:search": reads("functions.view_function"),
    "functions:index_state": reads("functions.view_function"),
    "functions:import": form("functions.import_function"),
    "functions:new": form("functions.add_function"),
    "functions:browse": reads("functions.view_function"),
    "functions:change": acts("functions.change_function"),
    "functions:detail": reads("functions.view_function"),
    "functions:edit": form("functions.change_function"),
    "functions:set_state": acts("functions.change_function"),
    "functions:restore": acts("functions.change_function"),
    "functions:revision": reads("functions.view_function"),
}

EVALUATIONS = {
    "evaluations:suites": reads("evaluations.view_suite"),
    "evaluations:new_suite": form("evaluations.add_suite"),
    "evaluations:suite": reads("evaluations.view_suite"),
    "evaluations:start_run": acts("evaluations.add_run"),
    "evaluations:settings": form("evaluations.change_suite"),
    "evaluations:delete_suite": acts("evaluations.delete_suite"),
    "evaluations:pin_baseline": acts("evaluations.change_suite"),
    "evaluations:cases": reads("evaluations.view_case"),
    "evaluations:change_cases": acts("evaluations.change_case"),
    "evaluations:add_cases": form("evaluations.add_case"),
    "evaluations:import_cases": acts("evaluations.add_case"),
    "evaluations:generate_cases": acts("evaluations.add_case"),
    "evaluations:case": page(GET="evaluations.view_case", POST="evaluations.change_case"),
    "evaluations:set_state": acts("evaluations.change_case"),
    "evaluations:runs": reads("evaluations.view_run"),
    "evaluations:reports": reads("evaluations.view_report"),
    "evaluations:run": reads("evaluations.view_run"),
    "evaluations:cancel_run": acts("evaluations.add_run"),
    "evaluations:run_again": acts("evaluations.add_run"),
    "evaluations:acknowledge": acts("evaluations.change_report"),
    "evaluations:fix_case": acts("evaluations.change_case"),
    "evaluations:download": reads("evaluations.view_report"),
    "evaluations:feedback": form("evaluations.give_feedback"),
    "evaluations:drafts": reads("evaluations.change_case"),
    "evaluations:accept_draft": acts("evaluations.change_case"),
    "evaluations:dismiss_drafts": acts("evaluations.change_case"),
    "evaluations:dismiss_draft": acts("evaluations.change_case"),
    "evaluations:schedules": reads("evaluations.view_schedule"),
    "evaluations:new_schedule": form("evaluations.add_schedule"),
    "evaluations:schedule": form("evaluations.change_schedule"),
    "evaluations:pause_schedule": acts("evaluations.change_schedule"),
    "evaluations:delete_schedule": acts("evaluations.delete_schedule"),
}

INFERENCE = {
    "inference:performance": reads(USE_MODELS),
    "inference:reset_performance": acts("inference.reset_performance"),
    "inference:calls": reads(USE_MODELS),
    "inference:keep_texts": acts(USE_MODELS),
    "inference:forget_texts": acts(USE_MODELS),
}

API = {
    "api:schema": api(GET=Who.PUBLIC),
    "api:docs": api(GET=Who.PUBLIC),
    "api:me": api(GET=Who.ANY_KEY),
    "api:key-list": api(GET=Who.OWN, POST=Who.OWN),
    "api:key-detail": api(DELETE=Who.OWN),
    "api:key-rotate": api(POST=Who.OWN),
    "api:token": api(POST=Who.PUBLIC),
    "api:token-refresh": api(POST=Who.PUBLIC),
    "api:token-revoke": api(POST=Who.PUBLIC),
    "api:token-family-list": api(GET=Who.OWN),
    "api:token-family-detail": api(DELETE=Who.OWN),
    "api:audit-list": api(GET=AUDIT_READ),
    "api:job-list": api(GET=JOBS_READ),
    "api:job-detail": api(GET=JOBS_READ),
    "api:job-cancel": api(POST=JOBS_WRITE),
    "api:function-search": api(GET=FUNCTIONS_READ),
    "api:function-import": api(POST=FUNCTIONS_IMPORT),
    "api:function-index": api(GET=FUNCTIONS_READ),
    "api:function-index-rebuild": api(POST=FUNCTIONS_WRITE),
    "api:trace": api(GET=FUNCTIONS_READ),
    "api:function-list": api(GET=FUNCTIONS_READ, POST=FUNCTIONS_WRITE),
    "api:function-detail": api(GET=FUNCTIONS_READ, PATCH=FUNCTIONS_WRITE),
    "api:function-publish": api(POST=FUNCTIONS_WRITE),
    "api:function-restore": api(POST=FUNCTIONS_WRITE),
    "api:function-retire": api(POST=FUNCTIONS_WRITE),
    "api:function-revisions": api(GET=FUNCTIONS_READ),
    "api:function-similar": api(GET=FUNCTIONS_READ),
    "api:library-list": api(GET=FUNCTIONS_READ),
    "api:suite-list": api(GET=EVALUATIONS_READ, POST=EVALUATIONS_WRITE),
    "api:suite-detail": api(GET=EVALUATIONS_READ, PATCH=EVALUATIONS_WRITE),
    "api:suite-cases": api(GET=EVALUATIONS_READ, POST=EVALUATIONS_WRITE),
    "api:case-import": api(POST=EVALUATIONS_WRITE),
    "api:case-generate": api(POST=EVALUATIONS_WRITE),
    "api:case-detail": api(GET=EVALUATIONS_READ, PATCH=EVALUATIONS_WRITE),
    "api:suite-runs": api(GET=EVALUATIONS_READ, POST=EVALUATIONS_RUN),
    "api:run-detail": api(GET=EVALUATIONS_READ),
    "api:run-outcomes": api(GET=EVALUATIONS_READ),
    "api:run-report": api(GET=EVALUATIONS_READ),
    "api:run-compare": api(GET=EVALUATIONS_READ),
    "api:run-cancel": api(POST=EVALUATIONS_RUN),
    "api:run-acknowledge": api(POST=EVALUATIONS_WRITE),
    "api:run-pin": api(POST=EVALUATIONS_WRITE, DELETE=EVALUATIONS_WRITE),
    "api:schedule-list": api(GET=EVALUATIONS_READ, POST=EVALUATIONS_WRITE),
    "api:schedule-detail": api(GET=EVALUATIONS_READ, PATCH=EVALUATIONS_WRITE, DELETE=EVALUATIONS_WRITE),
    "api:feedback": api(POST=FEEDBACK_WRITE),
    "api:inference-model-list": api(GET=INFERENCE_USE, POST=INFERENCE_WRITE),
    "api:inference-model-detail": api(GET=INFERENCE_USE, PATCH=INFERENCE_WRITE, DELETE=INFERENCE_WRITE),
    "api:inference-alias-list": api(GET=INFERENCE_USE, POST=INFERENCE_WRITE),
    "api:inference-alias-detail": api(GET=INFERENCE_USE, PATCH=INFERENCE_WRITE, DELETE=INFERENCE_WRITE),
    "api:inference-provider-list": api(GET=INFERENCE_READ),
    "api:inference-provider-detail": api(GET=INFERENCE_READ),
    "api:inference-performance": api(GET=INFERENCE_READ),
    "api:inference-performance-reset": api(POST=INFERENCE_RESET),
    "api:inference-caches": api(GET=INFERENCE_READ),
    "api:inference-caches-clear": api(POST=INFERENCE_WRITE),
    "api:inference-calls": api(GET=INFERENCE_READ),
    "api:inference-trace": api(GET=INFERENCE_USE),
}

WAYS_TO_BACK_OFFICE = {
    "admin:login": form(Who.PUBLIC),
    "admin:logout": acts(Who.PUBLIC),
}

BACK_OFFICE = {
    "admin:index": reads(USE_BACK_OFFICE),
    "admin:app_list": reads(USE_BACK_OFFICE),
    "admin:search": reads(USE_BACK_OFFICE),
    "admin:password_change": form(Who.OWN),
    "admin:password_change_done": reads(Who.OWN),
    "admin:autocomplete": reads(USE_BACK_OFFICE),
    "admin:jsi18n": reads(USE_BACK_OFFICE),
    "admin:view_on_site": reads(USE_BACK_OFFICE),
    # What the admin has no name for: the short address of a row, and whatever is nothing.
    "admin:django.views.generic.base.RedirectView": reads(USE_BACK_OFFICE),
    "admin:django.contrib.admin.sites.catch_all_view": reads(USE_BACK_OFFICE),
    **admin_model("core.job", more={"cancel": acts("core.change_job")}),
    **admin_model("core.auditentry", view="core.view_audit"),
    **admin_model("users.user", "add change"),
    "admin:auth_user_password_change": form("users.change_user"),
    **admin_model("users.apikey", "change"),
    **admin_model("users.tokenfamily", "change"),
    **admin_model("functions.library", "add change delete"),
    **admin_model("functions.synonymgroup", "add change delete"),
    **admin_model(
        "functions.function",
        "add change delete",
        more={
            "try": reads("functions.view_function"),
            "import": form("functions.import_function"),
            "index": reads("functions.view_function"),
            "rebuild": acts("functions.change_function"),
            "restore": acts("functions.change_function"),
        },
    ),
    **admin_model("evaluations.suite", "add change delete"),
    **admin_model("evaluations.case", "add change"),
    **admin_model("evaluations.run"),
    **admin_model("evaluations.caseoutcome"),
    **admin_model("evaluations.report"),
    **admin_model("evaluations.delivery"),
    **admin_model("evaluations.schedule", "add change delete"),
    **admin_model(
        "inference.provider",
        "add change delete",
        more={
            "try": form("inference.try_models"),
            "fetch": acts("inference.add_servedmodel"),
            "reset": acts("inference.reset_breaker"),
        },
    ),
    **admin_model("inference.servedmodel", "add change delete", more={"try": form("inference.try_models")}),
    **admin_model("inference.alias", "add change delete", more={"try": form("inference.try_models")}),
    **admin_model("inference.budget", "add change delete"),
    **admin_model("inference.call"),
    **admin_model(
        "inference.cachesetting",
        view="inference.change_caches",
        more={name: acts("inference.change_caches") for name in ("clear", "set", "seen", "alias")},
    ),
    **admin_model("django_celery_beat.periodictask", "add change delete"),
    **admin_model("django_celery_beat.intervalschedule", "add change delete"),
    **admin_model("django_celery_beat.crontabschedule", "add change delete"),
    **admin_model("django_celery_beat.clockedschedule", "add change delete"),
    **admin_model("django_celery_beat.solarschedule", "add change delete"),
}

ROUTES: Mapping[str, Rule] = MappingProxyType(
    FOR_MACHINES
    | ACCOUNT
    | SCREENS
    | JOBS
    | FUNCTIONS
    | EVALUATIONS
    | INFERENCE
    | API
    | WAYS_TO_BACK_OFFICE
    | in_back_office(BACK_OFFICE)
)


def find_rule(route: str) -> Rule | None:
    """The row of the route whose `view_name` is given; None for one that has none, which refuses everybody."""
    return ROUTES.get(route)
