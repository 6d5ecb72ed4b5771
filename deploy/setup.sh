#!/bin/sh
# Before the first process of a new version starts: tables, database roles, stores, static files. Running it again changes
# nothing but the roles' passwords, if .env has others.
set -eu
python manage.py check --deploy --fail-level ERROR
python manage.py migrate --noinput
python manage.py database_roles
python manage.py make_stores
python manage.py collectstatic --noinput --verbosity 0
