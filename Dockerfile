# One image for web, intake, worker and sweeper: they differ by their command only (docker-compose.yml).
FROM python:3.11-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/concours
COPY requirements.lock /tmp/requirements.lock
RUN /opt/concours/bin/pip install --require-hashes --requirement /tmp/requirements.lock

FROM python:3.11-slim-bookworm
ENV PATH=/opt/concours/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=config.settings.production \
    CONCOURS_DATA=/data
RUN useradd --system --uid 10001 --home-dir /data concours \
    && install -d -o concours -g concours -m 0750 /data /data/staging /data/keys /data/files \
    && install -d -o concours -g concours -m 0755 /data/static
COPY --from=build /opt/concours /opt/concours
WORKDIR /srv/concours
COPY . .
RUN python -m compileall -q /srv/concours
USER concours
EXPOSE 8000
CMD ["uvicorn", "config.asgi:application", "--host", "0.0.0.0", "--port", "8000"]
