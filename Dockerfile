# docker build -t ticket-bridge .
# docker run --rm -v bridge-data:/data ticket-bridge bridge init /data
# docker run --read-only --tmpfs /tmp -v bridge-data:/data -p 8080:8080 ticket-bridge
# Together with a database, a proxy, Prometheus and Grafana: ops/compose/.

FROM python:3.11-slim-bookworm AS wheels
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
COPY requirements.lock requirements-dev.lock ./
# The build backend in its locked version, by its hash; everything else of the dev lock stays out.
RUN awk '/^[^ #]/ {on = /^setuptools==/} on' requirements-dev.lock >build.lock \
    && pip install --require-hashes -r build.lock \
    && pip wheel --require-hashes -r requirements.lock --wheel-dir /wheels
COPY . .
RUN pip wheel --no-deps --no-build-isolation --wheel-dir /wheels .

FROM python:3.11-slim-bookworm
RUN groupadd --gid 10001 bridge \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin bridge \
    && install -d -o 10001 -g 10001 -m 0700 /data
RUN --mount=type=bind,from=wheels,source=/wheels,target=/wheels \
    pip install --no-cache-dir --no-index --no-deps /wheels/*.whl
# Inside the container the daemon listens on every address; which of them is reachable is decided by -p.
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 BRIDGE_LISTEN=0.0.0.0:8080
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/healthz', timeout=4)"]
CMD ["bridge", "serve", "--config", "/data/bridge.toml"]
