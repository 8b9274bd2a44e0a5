# Calls get numbers for ids, which lists and addresses have. None were recorded before: their tables are made anew.

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import apps.core.secrets.fields


class Migration(migrations.Migration):

    dependencies = [
        ('inference', '0003_figures_of_people'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.DeleteModel(name='CallText'),
        migrations.DeleteModel(name='Call'),
        migrations.CreateModel(
            name='Call',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('operation', models.CharField(choices=[('chat', 'chat'), ('completion', 'completion'), ('embedding', 'embedding'), ('prediction', 'prediction')], max_length=12)),
                ('target', models.CharField(help_text='The model or alias that was asked for.', max_length=100)),
                ('model', models.CharField(blank=True, help_text='The model that answered, or was tried last.', max_length=100)),
                ('provider', models.CharField(blank=True, max_length=60)),
                ('tier', models.CharField(blank=True, max_length=20)),
                ('cache', models.CharField(blank=True, help_text='The level of the cache that answered, if one did.', max_length=10)),
                ('outcome', models.CharField(help_text='ok, cancelled, or the code of an error.', max_length=20)),
                ('streamed', models.BooleanField(default=False)),
                ('prompt_tokens', models.PositiveIntegerField(default=0)),
                ('completion_tokens', models.PositiveIntegerField(default=0)),
                ('tokens_estimated', models.BooleanField(default=False)),
                ('cost', models.DecimalField(decimal_places=10, default=0, max_digits=16)),
                ('ms', models.FloatField(help_text='Until the whole answer was there.')),
                ('first_ms', models.FloatField(help_text='Until the first part of a stream was there.', null=True)),
                ('attempts', models.JSONField(default=list)),
                ('trace_id', models.CharField(blank=True, db_index=True, max_length=40)),
                ('key', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='users.apikey')),
                ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-at'],
            },
        ),
        migrations.CreateModel(
            name='CallText',
            fields=[
                ('call', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='text', serialize=False, to='inference.call')),
                ('question', apps.core.secrets.fields.EncryptedField(blank=True, default='')),
                ('answer', apps.core.secrets.fields.EncryptedField(blank=True, default='')),
                ('keep_until', models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.AddIndex(
            model_name='call',
            index=models.Index(fields=['-at'], name='inference_c_at_0dd137_idx'),
        ),
        migrations.AddIndex(
            model_name='call',
            index=models.Index(fields=['user', '-at'], name='inference_c_user_id_fb26a4_idx'),
        ),
        migrations.AddIndex(
            model_name='call',
            index=models.Index(fields=['model', '-at'], name='inference_c_model_acc1dc_idx'),
        ),
    ]
