from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("hub", "0018_seals_over_the_audit"),
    ]

    operations = [
        migrations.AlterField(
            model_name="run",
            name="kind",
            field=models.CharField(
                choices=[
                    ("sync", "Sync"),
                    ("undo", "Undo"),
                    ("disconnect", "Disconnect"),
                    ("merge", "Merge"),
                    ("import", "One-time import"),
                    ("make", "Making what is missing"),
                ],
                default="sync",
                max_length=12,
                verbose_name="kind",
            ),
        ),
    ]
