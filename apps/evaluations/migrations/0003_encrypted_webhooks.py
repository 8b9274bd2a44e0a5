from urllib.parse import urlsplit

import apps.core.secrets.fields
from django.db import migrations, models

from apps.core.secrets import decrypt, encrypt

SECRETS = ("webhook_url", "webhook_secret")


def change_each(apps, change):
    for schedule in apps.get_model("evaluations", "Schedule").objects.all():
        for name in SECRETS:
            kept = getattr(schedule, name)
            setattr(schedule, name, change(kept) if kept else kept)
        schedule.save(update_fields=SECRETS)


def encrypt_webhooks(apps, schema_editor):
    change_each(apps, encrypt)


def decrypt_webhooks(apps, schema_editor):
    change_each(apps, decrypt)


def keep_places(apps, schema_editor):
    """A delivery says where it goes, and no more of an address that may hold a token."""
    for delivery in apps.get_model("evaluations", "Delivery").objects.filter(channel="webhook").iterator():
        parts = urlsplit(delivery.address)
        delivery.address = f"{parts.scheme}://{parts.netloc}/"
        delivery.save(update_fields=["address"])


class Migration(migrations.Migration):

    dependencies = [
        ('evaluations', '0002_fewer_outcome_indexes'),
    ]

    operations = [
        migrations.AlterField('schedule', 'webhook_url', models.TextField(blank=True)),
        migrations.AlterField('schedule', 'webhook_secret', models.TextField(blank=True)),
        migrations.RunPython(encrypt_webhooks, decrypt_webhooks),
        migrations.RunPython(keep_places, migrations.RunPython.noop),
        migrations.AlterField(
            model_name='schedule',
            name='webhook_url',
            field=apps.core.secrets.fields.EncryptedField(blank=True),
        ),
        migrations.AlterField(
            model_name='schedule',
            name='webhook_secret',
            field=apps.core.secrets.fields.EncryptedField(blank=True, help_text="Signs the webhook's body."),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='address',
            field=models.CharField(help_text='An e-mail address, or the host of a webhook.', max_length=500),
        ),
    ]
