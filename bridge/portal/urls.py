"""Addresses of the portal: all but the first two begin with the organization they belong to."""

from django.urls import include, path

from bridge.portal import connections, decisions, differences, home, moved, people, questions, reports

app_name = "portal"
of_organization = [
    path("", home.home, name="home"),
    path("documents/<int:integration>/<str:side>/", home.documents, name="documents"),
    path("questions/", questions.question_list, name="questions"),
    path("questions/mails/", questions.question_mails, name="question_mails"),
    path("questions/<int:pk>/", questions.question, name="question"),
    path("questions/<int:pk>/answer/", questions.question_answer, name="question_answer"),
    path("questions/<int:pk>/comment/", questions.question_comment, name="question_comment"),
    path("questions/<int:pk>/pass/", questions.question_pass, name="question_pass"),
    path("moved/", moved.moved, name="moved"),
    path("moved.csv", moved.moved_csv, name="moved_csv"),
    path("differences/", differences.differences, name="differences"),
    path("differences/<int:integration>/comment/", differences.differences_comment, name="differences_comment"),
    path("reports/", reports.reports, name="reports"),
    path("reports/ask/", reports.report_ask, name="report_ask"),
    path("reports/plan/", reports.report_plan, name="report_plan"),
    path("reports/<int:pk>/", reports.report, name="report"),
    path("reports/<int:pk>/report.pdf", reports.report_pdf, name="report_pdf"),
    path("reports/<int:pk>/report.csv", reports.report_csv, name="report_csv"),
    path("reports/<int:pk>/report.xlsx", reports.report_xlsx, name="report_xlsx"),
    path("connections/", connections.connections, name="connections"),
    path("connections/<int:pk>/connect/", connections.connect, name="connect"),
    path("connections/<int:pk>/revoke/", connections.revoke, name="revoke"),
    path("people/", people.people, name="people"),
    path("people/<int:pk>/again/", people.member_again, name="member_again"),
    path("people/<int:pk>/remove/", people.member_remove, name="member_remove"),
    path("activity/", decisions.decisions, name="activity"),
    path("activity.csv", decisions.decisions_csv, name="activity_csv"),
]
urlpatterns = [
    path("", home.start, name="start"),
    path("connect/<uuid:public_id>/", connections.invited, name="invited"),
    path("<int:organization>/", include(of_organization)),
]
