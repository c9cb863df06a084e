# The server as an image: docker build -t plaudit . ; then docker compose up, or see docs/operations.md.
# The models are no part of it: they are mounted at /models.

# The full image has the C compiler that the kernels need; only what it builds goes on.
FROM python:3.12 AS build
WORKDIR /src
COPY pyproject.toml hatch_build.py README.md LICENSE ./
COPY requirements ./requirements
COPY src ./src
# Into a folder of its own, so that the last stage has neither pip's cache nor what building needs. Only what scores, each
# package by its version and its hash (requirements/, made by `make locks`); for an encoder: --build-arg LOCK=serve-encoder
ARG LOCK=serve
RUN python -m venv /opt/plaudit \
 && /opt/plaudit/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes --no-deps \
    -r "requirements/${LOCK}.txt" \
 && /opt/plaudit/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps .

FROM python:3.12-slim
RUN useradd --system --uid 10001 --no-create-home --home-dir /tmp plaudit
COPY --from=build /opt/plaudit /opt/plaudit
ENV PATH=/opt/plaudit/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOME=/tmp
USER 10001
EXPOSE 8000
# Python, for there is no curl in it.
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/v2/health/ready', timeout=2)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["plaudit", "serve", "--host", "0.0.0.0", "--port", "8000"]
CMD ["/models/model"]
