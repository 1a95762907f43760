#!/bin/sh
# Makes the database on the first start, then becomes the server, as user postgres.
set -e
as_postgres="setpriv --reuid=postgres --regid=postgres --init-groups"
install -d -o postgres -g postgres -m 700 "$PGDATA"
install -d -o postgres -g postgres /run/postgresql

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  password=$(mktemp)
  cat /run/secrets/db-password > "$password"
  chown postgres "$password"
  $as_postgres initdb --pgdata "$PGDATA" --username guestbook --pwfile "$password" \
    --auth-local trust --auth-host scram-sha-256 --encoding UTF8 --locale C
  rm "$password"
  echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"
fi
exec $as_postgres postgres -D "$PGDATA" -c listen_addresses='*'
