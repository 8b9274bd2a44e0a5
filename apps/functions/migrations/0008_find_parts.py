"""Part of a name is found, and pages far down the lists are reached, without reading every function."""

import django.db.models.deletion
from django.db import migrations, models

from apps.core.trigrams import index_parts


class Migration(migrations.Migration):
    dependencies = [("functions", "0007_enter_words_at_once")]

    operations = [
        index_parts("functions_function", "functions_function_parts", "name", "qualified_name"),
        migrations.RemoveIndex(model_name="function", name="functions_f_updated_d82721_idx"),
        migrations.AddIndex(
            model_name="function",
            index=models.Index(fields=["-updated_at", "-id"], name="functions_f_updated_c91bde_idx"),
        ),
        migrations.AddIndex(
            model_name="function",
            index=models.Index(fields=["library", "id"], name="functions_f_library_07771b_idx"),
        ),
        migrations.AlterField(
            model_name="function",
            name="library",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="functions",
                to="functions.library",
            ),
        ),
    ]
