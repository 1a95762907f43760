"""How the API and the migration reach PostgreSQL."""
import os
import psycopg2


def connect():
    with open("/run/secrets/db-password") as secret:
        password = secret.read().strip()
    connection = psycopg2.connect(
        host=os.environ["DATABASE_HOST"], user="guestbook", dbname="postgres", password=password)
    connection.autocommit = True
    return connection
