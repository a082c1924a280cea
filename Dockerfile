# One image for the console, the workers and the set-up job; what it runs is said in docker-compose.yml.
FROM python:3.13-slim AS build
WORKDIR /app
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
COPY tools/uv.txt tools/uv.txt
COPY requirements.txt ./
RUN pip install --require-hashes -r tools/uv.txt && uv venv .venv && uv pip install --require-hashes -r requirements.txt
COPY . .
RUN .venv/bin/python manage.py prepare --assets-only

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /var/lib/raydock --create-home raydock
WORKDIR /app
COPY --from=build /app /app
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    RAYDOCK_MODE=production RAYDOCK_DATA_DIR=/var/lib/raydock RAYDOCK_LOG_FORMAT=json
USER raydock
EXPOSE 8000
CMD ["granian", "--interface", "wsgi", "--no-ws", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", "--blocking-threads", "4", "--respawn-failed-workers", "portal.wsgi:application"]
