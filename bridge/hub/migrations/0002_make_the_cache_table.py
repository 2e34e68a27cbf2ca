"""Make the table sign-in limits are counted in: without it the first sign-in after `migrate` would fail."""

from django.core.management import call_command
from django.db import migrations


def make(apps, schema_editor):
    """Make it where the cache is in the database; harmless where it is there already."""
    call_command("createcachetable", database=schema_editor.connection.alias, verbosity=0)


class Migration(migrations.Migration):
    """Follows the first tables."""

    dependencies = [("hub", "0001_first_tables")]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
