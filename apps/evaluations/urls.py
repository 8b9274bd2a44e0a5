from django.urls import path

from apps.evaluations.views import cases, feedback, lists, runs, schedules, suites

app_name = "evaluations"
urlpatterns = [
    path("", suites.list_suites, name="suites"),
    path("new/", suites.add_suite, name="new_suite"),
    path("<int:pk>/", suites.show_suite, name="suite"),
    path("<int:pk>/run/", suites.start_run, name="start_run"),
    path("<int:pk>/settings/", suites.edit_suite, name="settings"),
    path("<int:pk>/delete/", suites.delete_suite, name="delete_suite"),
    path("<int:pk>/baseline/", suites.pin_baseline, name="pin_baseline"),
    path("<int:pk>/cases/", cases.list_cases, name="cases"),
    path("<int:pk>/cases/change/", cases.change_cases, name="change_cases"),
    path("<int:pk>/cases/add/", cases.add_case, name="add_cases"),
    path("<int:pk>/cases/import/", cases.import_file, name="import_cases"),
    path("<int:pk>/cases/generate/", cases.generate, name="generate_cases"),
    path("cases/<int:pk>/", cases.show_case, name="case"),
    path("cases/<int:pk>/state/", cases.set_state, name="set_state"),
    path("runs/", lists.list_runs, name="runs"),
    path("reports/", lists.list_reports, name="reports"),
    path("runs/<int:pk>/", runs.show_run, name="run"),
    path("runs/<int:pk>/cancel/", runs.cancel_run, name="cancel_run"),
    path("runs/<int:pk>/again/", runs.run_again, name="run_again"),
    path("runs/<int:pk>/acknowledge/", runs.acknowledge_report, name="acknowledge"),
    path("runs/<int:pk>/cases/<int:case>/fix/", runs.fix_case, name="fix_case"),
    path("runs/<int:pk>/report.<slug:form>", runs.download_report, name="download"),
    path("feedback/", feedback.say_wrong, name="feedback"),
    path("drafts/", feedback.list_drafts, name="drafts"),
    path("drafts/dismiss/", feedback.dismiss_drafts, name="dismiss_drafts"),
    path("drafts/<int:pk>/accept/", feedback.accept_draft, name="accept_draft"),
    path("drafts/<int:pk>/dismiss/", feedback.dismiss_draft, name="dismiss_draft"),
    path("schedules/", schedules.list_schedules, name="schedules"),
    path("schedules/new/", schedules.add_schedule, name="new_schedule"),
    path("schedules/<int:pk>/", schedules.edit_schedule, name="schedule"),
    path("schedules/<int:pk>/pause/", schedules.pause_schedule, name="pause_schedule"),
    path("schedules/<int:pk>/delete/", schedules.delete_schedule, name="delete_schedule"),
]
