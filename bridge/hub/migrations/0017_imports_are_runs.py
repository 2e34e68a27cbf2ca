from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("hub", "0016_roles_of_the_office"),
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
                ],
                default="sync",
                max_length=12,
                verbose_name="kind",
            ),
        ),
    ]
