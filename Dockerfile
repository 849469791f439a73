# The image of every command: `serve` unless another one is given.
#
# BASE is Debian with Python 3.11, the version that the whole suite is run on. The tag moves with security updates;
# a build that is to be repeatable names the digest of the day beside it, which the CI workflow does:
#   docker build --build-arg BASE=docker.io/library/python:3.11-slim-bookworm@sha256:… .
# Debian's SQLite is older than 3.51.3, so the store's comes with pysqlite3 where that has a wheel (x86_64) and uses WAL;
# elsewhere Debian's keeps a rollback journal. Both with synchronous=EXTRA.
ARG BASE=docker.io/library/python:3.11-slim-bookworm

FROM ${BASE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build

# No pip in the environment that is shipped: the base's own works on it from outside. Wheels only: nothing of a
# dependency is run while it is installed, and no compiler is needed.
COPY requirements.lock ./
RUN python -m venv --without-pip /opt/hubspot-retention \
    && pip --python /opt/hubspot-retention/bin/python install \
        --no-compile --require-hashes --no-deps --only-binary :all: -r requirements.lock

# The lock holds what builds the package, too; it leaves once it has. `pip check` fails if somebody needs it after all.
# Bytecode is made here, for nothing can be written later, and is not compared with its source at each start. HubSpot's own
# client goes without: 27 MB for two thousand modules, of which a few set up properties and webhooks once in a while.
COPY pyproject.toml README.md ./
COPY config ./config
COPY hubspot_retention ./hubspot_retention
RUN pip --python /opt/hubspot-retention/bin/python install --no-compile --no-deps --no-build-isolation . \
    && pip --python /opt/hubspot-retention/bin/python uninstall --yes \
        hatchling packaging pathspec pluggy tomlkit trove-classifiers \
    && pip --python /opt/hubspot-retention/bin/python check \
    && /opt/hubspot-retention/bin/python -m compileall -q --invalidation-mode unchecked-hash \
        -x '/site-packages/hubspot/' /opt/hubspot-retention/lib


FROM ${BASE}
ARG BASE
ARG VERSION=0.1.0
ARG REVISION=""
LABEL org.opencontainers.image.title="hubspot-retention" \
      org.opencontainers.image.description="Keeps the promises of a privacy policy in HubSpot" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.base.name="${BASE}"

# The ids are fixed, so that a volume made today belongs to the process of a later image. Nothing is installed here, and
# no program runs as somebody else than who calls it.
RUN groupadd --gid 10001 retention \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/hubspot-retention \
        --shell /usr/sbin/nologin retention \
    && install -d -o 10001 -g 10001 -m 0700 /var/lib/hubspot-retention \
    && rm -rf /usr/local/lib/python3.*/site-packages/* /usr/local/lib/python3.*/ensurepip /usr/local/bin/pip* \
    && find / -xdev -type f -perm /6000 -exec chmod a-s {} +

COPY --from=build /opt/hubspot-retention /opt/hubspot-retention

# SQLite's spill files (ids and dates, without a name) go to the volume: /tmp is memory. Nothing is imported from the
# working directory, which is the one place that can be written.
ENV PATH=/opt/hubspot-retention/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONSAFEPATH=1 \
    PYTHONUNBUFFERED=1 \
    RETENTION_DATABASE_URL=sqlite:////var/lib/hubspot-retention/retention.db \
    SQLITE_TMPDIR=/var/lib/hubspot-retention

USER 10001:10001
WORKDIR /var/lib/hubspot-retention
VOLUME /var/lib/hubspot-retention

# 8080: webhooks, to be reached through a proxy only. 9090: health and metrics, on loopback unless
# RETENTION_OPERATIONS_HOST says otherwise; never for the internet.
EXPOSE 8080 9090

# Alive, not ready: whoever restarts what is unhealthy must not do so because HubSpot is down.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 CMD ["python", "-I", "-c", \
    "import os, urllib.request; urllib.request.urlopen(f\"http://127.0.0.1:{os.environ.get('RETENTION_OPERATIONS_PORT') or 9090}/health/live\", timeout=4)"]

STOPSIGNAL SIGTERM
ENTRYPOINT ["hubspot-retention"]
CMD ["serve"]
