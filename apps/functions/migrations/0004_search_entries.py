"""Search through PostgreSQL: entries with words, name keys and a vector, kept by triggers that begin switched off.

They are switched on by the first build with SEARCH_BACKEND=postgres, which fills the tables and makes their indexes;
an installation that searches its files never pays for them.
"""

import django.contrib.postgres.fields
import django.contrib.postgres.search
import django.db.models.deletion
import pgvector.django
from django.db import migrations, models

CONSTRAINTS = """
ALTER TABLE functions_searchentry ADD CONSTRAINT functions_searchentry_function
    FOREIGN KEY (function_id) REFERENCES functions_function ON DELETE CASCADE;
ALTER TABLE functions_searchfeatures ADD CONSTRAINT functions_searchfeatures_function
    FOREIGN KEY (function_id) REFERENCES functions_function ON DELETE CASCADE;
-- Its vectors and words are little use compressed, and cost time to get at elsewhere.
ALTER TABLE functions_searchentry ALTER vector SET STORAGE PLAIN;
ALTER TABLE functions_searchfeatures ALTER terms SET STORAGE MAIN;
"""

# Words as apps/functions/search/tokens.py sees them, near enough to choose candidates by: the parts of an identifier
# and the whole, stemmed by the same stemmer. Stop words stay in: no query asks for them.
WORDS = r"""
CREATE TEXT SEARCH DICTIONARY functions_stem (TEMPLATE = snowball, Language = english);
CREATE TEXT SEARCH CONFIGURATION functions_words (COPY = simple);
ALTER TEXT SEARCH CONFIGURATION functions_words
    ALTER MAPPING FOR asciiword, word, numword WITH functions_stem;

CREATE FUNCTION functions_words(given text) RETURNS tsvector LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    plain text := regexp_replace(given, '[^[:alnum:]_]+', ' ', 'g');
    parts text;
BEGIN
    parts := replace(plain, '_', ' ');
    parts := regexp_replace(parts, '([[:lower:]])([[:upper:]])', '\1 \2', 'g');
    parts := regexp_replace(parts, '([[:upper:]])([[:upper:]][[:lower:]])', '\1 \2', 'g');
    parts := regexp_replace(parts, '([[:alpha:]])([[:digit:]])', '\1 \2', 'g');
    parts := regexp_replace(parts, '([[:digit:]])([[:alpha:]])', '\1 \2', 'g');
    RETURN to_tsvector('functions_words', parts) || to_tsvector('functions_words', replace(plain, '_', ''));
END
$$;

CREATE FUNCTION functions_name_keys(name text, library text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    parts text[] := ARRAY(
        SELECT key FROM (
            SELECT place, left(lower(regexp_replace(piece, '[\W_]+', '', 'g')), 200) AS key
            FROM regexp_split_to_table(left(name, 800), '::|->|[.#/\\$]') WITH ORDINALITY AS split(piece, place)
        ) AS keyed WHERE key <> '' ORDER BY place
    );
    ends text[] := ARRAY(
        SELECT DISTINCT left(array_to_string(parts[place:], ''), 200) FROM generate_subscripts(parts, 1) AS place
    );
BEGIN
    IF library <> '' AND cardinality(parts) > 0 THEN
        ends := ends || left(lower(regexp_replace(left(library, 800), '[\W_]+', '', 'g'))
            || array_to_string(parts, ''), 200);
    END IF;
    RETURN ends;
END
$$;
"""

ENTRIES = """
CREATE FUNCTION functions_make_words(f functions_function) RETURNS tsvector LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT setweight(functions_words(coalesce(nullif(f.qualified_name, ''), f.name)), 'A')
        || setweight(functions_words(concat_ws(' ', left(f.description, 20000), array_to_string(f.keywords, ' '),
            f.action, f.data_type)), 'B')
        || setweight(functions_words(left(f.signature, 4000)), 'C')
        || setweight(functions_words(left(f.code, 12000)), 'D')
$$;

CREATE FUNCTION functions_put_search_entry(f functions_function) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO functions_searchentry AS entry
        (function_id, language, library_id, words, name_keys, popularity, vector, model_digest, content_digest, change_xid)
    SELECT f.id, f.language, f.library_id, functions_make_words(f),
        functions_name_keys(coalesce(nullif(f.qualified_name, ''), f.name), library.name), f.popularity,
        newest.vector::halfvec, coalesce(newest.model_digest, ''), coalesce(newest.content_digest, ''), f.change_xid
    FROM functions_library library
    LEFT JOIN LATERAL (
        -- By an expression, or the planner may walk down the ids of all until it comes to this function's.
        SELECT * FROM functions_functionembedding WHERE function_id = f.id ORDER BY id + 0 DESC LIMIT 1
    ) newest ON true
    WHERE library.id = f.library_id
    ON CONFLICT (function_id) DO UPDATE SET language = excluded.language, library_id = excluded.library_id,
        words = excluded.words, name_keys = excluded.name_keys, popularity = excluded.popularity, change_xid = excluded.change_xid;
END
$$;

CREATE FUNCTION functions_follow_function() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    told boolean := TG_OP = 'UPDATE' AND (NEW.keywords, NEW.action, NEW.data_type)
        IS NOT DISTINCT FROM (OLD.keywords, OLD.action, OLD.data_type);
    embedded boolean := TG_OP = 'UPDATE'
        AND (NEW.name, NEW.qualified_name, NEW.signature, NEW.description, NEW.code)
        IS NOT DISTINCT FROM (OLD.name, OLD.qualified_name, OLD.signature, OLD.description, OLD.code);
    filed boolean := TG_OP = 'UPDATE'
        AND (NEW.language, NEW.library_id, NEW.popularity, NEW.state)
        IS NOT DISTINCT FROM (OLD.language, OLD.library_id, OLD.popularity, OLD.state);
BEGIN
    IF TG_OP = 'UPDATE' AND NOT (told AND embedded) THEN
        DELETE FROM functions_searchfeatures WHERE function_id = NEW.id;
    END IF;
    IF NEW.state <> 'published' THEN
        DELETE FROM functions_searchentry WHERE function_id = NEW.id;
    ELSIF NOT (told AND embedded AND filed) THEN
        PERFORM functions_put_search_entry(NEW);
        IF TG_OP = 'UPDATE' AND NOT embedded THEN
            -- It was made of another text.
            UPDATE functions_searchentry SET vector = NULL, model_digest = '', content_digest = ''
            WHERE function_id = NEW.id AND vector IS NOT NULL;
        END IF;
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION functions_follow_embedding() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        UPDATE functions_searchentry SET vector = NULL, model_digest = '', content_digest = '',
            change_xid = pg_current_xact_id()::text::bigint
        WHERE function_id = OLD.function_id AND model_digest = OLD.model_digest;
    ELSE
        UPDATE functions_searchentry SET vector = NEW.vector::halfvec, model_digest = NEW.model_digest,
            content_digest = NEW.content_digest, change_xid = pg_current_xact_id()::text::bigint
        WHERE function_id = NEW.function_id;
        UPDATE functions_searchfeatures SET crowding = NULL WHERE function_id = NEW.function_id;
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION functions_follow_library() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE functions_searchentry entry SET change_xid = pg_current_xact_id()::text::bigint,
        name_keys = functions_name_keys(coalesce(nullif(f.qualified_name, ''), f.name), NEW.name)
    FROM functions_function f WHERE f.id = entry.function_id AND f.library_id = NEW.id;
    RETURN NULL;
END
$$;
"""

TRIGGERS = """
CREATE TRIGGER functions_search AFTER INSERT OR UPDATE ON functions_function
    FOR EACH ROW EXECUTE FUNCTION functions_follow_function();
CREATE TRIGGER functions_search AFTER INSERT OR UPDATE OR DELETE ON functions_functionembedding
    FOR EACH ROW EXECUTE FUNCTION functions_follow_embedding();
CREATE TRIGGER functions_search AFTER UPDATE OF name ON functions_library
    FOR EACH ROW WHEN (OLD.name IS DISTINCT FROM NEW.name) EXECUTE FUNCTION functions_follow_library();
ALTER TABLE functions_function DISABLE TRIGGER functions_search;
ALTER TABLE functions_functionembedding DISABLE TRIGGER functions_search;
ALTER TABLE functions_library DISABLE TRIGGER functions_search;
"""

NO_WORDS = """
DROP FUNCTION functions_name_keys;
DROP FUNCTION functions_words;
DROP TEXT SEARCH CONFIGURATION functions_words;
DROP TEXT SEARCH DICTIONARY functions_stem;
"""
NO_ENTRIES = """
DROP FUNCTION functions_follow_library;
DROP FUNCTION functions_follow_embedding;
DROP FUNCTION functions_follow_function;
DROP FUNCTION functions_put_search_entry;
DROP FUNCTION functions_make_words;
"""
NO_TRIGGERS = """
DROP TRIGGER functions_search ON functions_library;
DROP TRIGGER functions_search ON functions_functionembedding;
DROP TRIGGER functions_search ON functions_function;
"""


def key() -> models.OneToOneField:
    return models.OneToOneField(
        db_constraint=False,
        on_delete=django.db.models.deletion.DO_NOTHING,
        primary_key=True,
        related_name="+",
        serialize=False,
        to="functions.function",
    )


class Migration(migrations.Migration):
    dependencies = [("functions", "0003_synonym_group")]

    operations = [
        migrations.CreateModel(
            name="SearchEntry",
            fields=[
                ("function", key()),
                ("language", models.CharField(max_length=40)),
                ("library_id", models.BigIntegerField()),
                ("words", django.contrib.postgres.search.SearchVectorField()),
                ("name_keys", django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
                ("popularity", models.FloatField()),
                ("vector", pgvector.django.HalfVectorField(dimensions=384, null=True)),
                ("model_digest", models.CharField(max_length=64)),
                ("content_digest", models.CharField(max_length=64)),
                ("change_xid", models.BigIntegerField(db_index=True)),
            ],
        ),
        migrations.CreateModel(
            name="SearchFeatures",
            fields=[
                ("function", key()),
                ("terms", models.BinaryField(help_text="Its terms, counted (see index/packing.py).")),
                ("crowding", models.FloatField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="SearchStatistics",
            fields=[
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("documents", models.PositiveIntegerField()),
                (
                    "average_lengths",
                    django.contrib.postgres.fields.ArrayField(base_field=models.FloatField(), size=None),
                ),
                (
                    "frequencies",
                    models.JSONField(
                        help_text="Of words that are in many functions; the others are counted when asked."
                    ),
                ),
                ("words", models.JSONField(help_text="Of words as they are written: misspelled ones are read as these.")),
                (
                    "curated",
                    models.BooleanField(help_text="Whether some of the functions that were looked at are curated."),
                ),
                ("typical_crowding", models.FloatField()),
                ("model_digest", models.CharField(max_length=64)),
                ("computed_at", models.DateTimeField()),
            ],
        ),
        migrations.RunSQL(CONSTRAINTS, migrations.RunSQL.noop),
        migrations.RunSQL(WORDS, NO_WORDS),
        migrations.RunSQL(ENTRIES, NO_ENTRIES),
        migrations.RunSQL(TRIGGERS, NO_TRIGGERS),
    ]
