"""People of the office have one role, and see every client or the ones they look after.

Whoever held single permissions keeps less rather than more: support where they moved mapping files and saw no
integrations, else viewer. An administrator gives the fitting role afterwards.
"""

from django.db import migrations, models
from django.db.models import Q

STAFF_ROLES = [
    ("viewer", "Viewer: sees everything, changes nothing"),
    ("operator", "Operator: starts, stops and repeats runs, keeps accounts connected"),
    ("mapper", "Mapper: sets integrations up, maps values, moves mapping files"),
    ("approver", "Approver: operates, approves plans, decides duplicates and conflicts"),
    ("owner", "Owner: everything, with clients, people and vendor apps"),
    ("support", "Support: finds and explains records, moves mapping files"),
]


def give_roles(apps, schema_editor):
    """Give each person of the office a role; administrators become owners besides."""
    people, rights = apps.get_model("hub", "User"), apps.get_model("auth", "Permission")
    people.objects.filter(is_staff=True, is_superuser=True, staff_role="").update(staff_role="owner")
    for person in people.objects.filter(is_staff=True, is_superuser=False, staff_role=""):
        held = rights.objects.filter(Q(user=person) | Q(group__user=person), content_type__app_label="hub")
        names = set(held.values_list("codename", flat=True))
        if names:
            files = "import_mappingfile" in names and "view_integration" not in names
            person.staff_role = "support" if files else "viewer"
            person.save(update_fields=["staff_role"])


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("hub", "0015_why_a_conflict_is_over"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="organizations",
            field=models.ManyToManyField(
                blank=True, related_name="+", to="hub.organization", verbose_name="organizations"
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="sees_all",
            field=models.BooleanField(
                default=True,
                help_text="Of somebody of the office: every client, or only the organizations chosen below.",
                verbose_name="sees every organization",
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="staff_role",
            field=models.CharField(
                blank=True,
                choices=STAFF_ROLES,
                help_text="What this person may do on the staff desk. Without a role: nothing.",
                max_length=20,
                verbose_name="role in the office",
            ),
        ),
        migrations.RunPython(give_roles, migrations.RunPython.noop),
    ]
