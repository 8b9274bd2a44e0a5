"""Accounts made before there was verification keep their addresses, as verified ones."""

from django.db import migrations

BATCH = 1000


def add_addresses(apps, schema_editor):
    users, addresses = apps.get_model("users", "User").objects, apps.get_model("account", "EmailAddress").objects
    batch = []
    for pk, email in users.values_list("pk", "email").iterator(BATCH):
        batch.append(addresses.model(user_id=pk, email=email, primary=True, verified=True))
        if len(batch) == BATCH:
            addresses.bulk_create(batch, ignore_conflicts=True)
            batch = []
    addresses.bulk_create(batch, ignore_conflicts=True)


class Migration(migrations.Migration):
    dependencies = [("users", "0003_roles"), ("account", "0009_emailaddress_unique_primary_email")]
    operations = [migrations.RunPython(add_addresses, migrations.RunPython.noop)]
