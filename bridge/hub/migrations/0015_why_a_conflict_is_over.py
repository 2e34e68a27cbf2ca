from django.db import migrations, models

import bridge.hub.documents


class Migration(migrations.Migration):
    dependencies = [
        ("hub", "0014_mapping_files_and_what_they_replaced"),
    ]

    operations = [
        migrations.AddField(
            model_name="conflict",
            name="reason",
            field=bridge.hub.documents.DocumentField(default=dict),
        ),
        migrations.AlterField(
            model_name="conflict",
            name="decision",
            field=models.CharField(
                choices=[
                    ("open", "Open"),
                    ("left", "Left wins"),
                    ("right", "Right wins"),
                    ("value", "Another value"),
                    ("agreed", "Both came to agree"),
                    ("moot", "Nothing to decide any more"),
                ],
                default="open",
                max_length=10,
                verbose_name="decision",
            ),
        ),
    ]
