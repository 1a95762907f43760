"""Makes the tables. Safe to run again."""
from database import connect

with connect().cursor() as cursor:
    cursor.execute("""
        CREATE TABLE IF NOT EXISTS entries (
            id      serial PRIMARY KEY,
            author  text NOT NULL,
            message text NOT NULL,
            written timestamptz NOT NULL DEFAULT now())""")
    cursor.execute("SELECT count(*) FROM entries")
    print(f"the table is ready, {cursor.fetchone()[0]} entries")
