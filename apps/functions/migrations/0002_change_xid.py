"""Every write of a function notes its transaction, whoever writes: the search index finds edits by it."""

from django.db import migrations

FORWARDS = """
CREATE FUNCTION functions_note_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.change_xid := pg_current_xact_id()::text::bigint;
    RETURN NEW;
END
$$;
CREATE TRIGGER functions_note_change BEFORE INSERT OR UPDATE ON functions_function
    FOR EACH ROW EXECUTE FUNCTION functions_note_change();
"""
BACKWARDS = """
DROP TRIGGER functions_note_change ON functions_function;
DROP FUNCTION functions_note_change();
"""


class Migration(migrations.Migration):
    dependencies = [("functions", "0001_initial")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
