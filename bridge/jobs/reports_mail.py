"""The mail that brings a report: the figures in words, the files beside it, the way to its page."""

from django.urls import reverse
from django.utils.translation import gettext

from bridge.hub import pdf
from bridge.hub.models import Letter, Membership
from bridge.jobs import letters, reports, reports_files
from bridge.jobs.reports_tables import paper


def report_mail(letter: Letter) -> letters.Mail | None:
    """Return the mail; None where the person no longer sees this client. Without PDF the spreadsheet goes alone."""
    report = letter.report
    if report is None or not _still_sees(letter):
        return None
    told = reports.told(report)
    said = paper(told)
    name = reports_files.name_of(report)
    files = [letters.Attachment(f"{name}.csv", reports_files.as_csv(told), "text/csv")]
    if pdf.available():
        files.insert(0, letters.Attachment(f"{name}.pdf", reports_files.as_pdf(told), "application/pdf"))
    plan = reverse("portal:reports", args=[report.organization_id])
    return letters.Mail(
        subject=gettext("%(report)s – %(organization)s") % {"report": said.title, "organization": said.organization},
        template="report",
        context={
            "paper": said,
            "url": letters.address(reverse("portal:report", args=[report.organization_id, report.pk])),
            "plan_url": letters.address(plan),
        },
        attachments=files,
    )


def _still_sees(letter: Letter) -> bool:
    members = Membership.objects.filter(user=letter.user_id, user__is_active=True)
    return letter.report is not None and members.filter(organization=letter.report.organization_id).exists()
