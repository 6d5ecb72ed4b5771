#!/bin/sh
# Before the first process of a new version starts: tables, stores, static files. Running it again changes nothing.
set -eu
python manage.py check --deploy --fail-level ERROR
python manage.py migrate --noinput
python manage.py make_stores
python manage.py collectstatic --noinput --verbosity 0
