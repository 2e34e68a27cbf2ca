from django.db import migrations, models

import bridge.hub.documents


class Migration(migrations.Migration):
    dependencies = [
        ("hub", "0006_filters_for_both_ways_and_whom_documents_are_for"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="conflict",
            options={"verbose_name": "conflict", "verbose_name_plural": "conflicts"},
        ),
        migrations.AddField(
            model_name="conflict",
            name="facts",
            field=bridge.hub.documents.DocumentField(default=dict),
        ),
        migrations.AddField(
            model_name="conflict",
            name="settled_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="conflict",
            name="toward",
            field=models.CharField(default="right", max_length=8),
        ),
        migrations.AddField(
            model_name="conflict",
            name="twin_field",
            field=models.CharField(blank=True, max_length=40),
        ),
        migrations.AddField(
            model_name="conflict",
            name="value",
            field=bridge.hub.documents.DocumentField(null=True),
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
                ],
                default="open",
                max_length=10,
                verbose_name="decision",
            ),
        ),
        migrations.AlterField(
            model_name="conflict",
            name="field",
            field=models.CharField(max_length=40, verbose_name="field"),
        ),
    ]
