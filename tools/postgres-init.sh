#!/usr/bin/env bash
# Runs once, in a new PostgreSQL volume: makes Raydock's role, which row-level security binds, and its database.
set -euo pipefail
password=$(cat "$RAYDOCK_DB_PASSWORD_FILE")
psql --set ON_ERROR_STOP=1 --set password="$password" --username postgres <<'SQL'
CREATE ROLE raydock LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE PASSWORD :'password';
CREATE DATABASE raydock OWNER raydock;
SQL
