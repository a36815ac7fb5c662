#!/bin/sh
# Runs once, in an empty database: makes the gateway's role, which is no superuser (row-level security holds none), and
# leaves the superuser without a password, so that nobody enters as him from another container.
set -eu
psql --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres --set password="$POSTGRES_PASSWORD" <<'SQL'
create role waffo login password :'password';
create database waffo owner waffo encoding 'UTF8' locale 'C' template template0;
alter role current_user password null;
SQL
