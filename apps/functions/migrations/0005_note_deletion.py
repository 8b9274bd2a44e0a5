"""A deleted function leaves no row that could tell of it: its library does, so that search forgets what it kept."""

from django.db import migrations

FORWARDS = """
CREATE FUNCTION functions_note_deletion() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE functions_library SET updated_at = clock_timestamp() WHERE id IN (SELECT library_id FROM gone);
    RETURN NULL;
END
$$;
CREATE TRIGGER functions_note_deletion AFTER DELETE ON functions_function
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION functions_note_deletion();
"""
BACKWARDS = """
DROP TRIGGER functions_note_deletion ON functions_function;
DROP FUNCTION functions_note_deletion();
"""


class Migration(migrations.Migration):
    dependencies = [("functions", "0004_search_entries")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
