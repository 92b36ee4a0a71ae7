# Reading only, offline, not as root: docs/installing.md shows how to run it.
FROM python:3.12-slim AS build
WORKDIR /src
COPY setup.cfg pyproject.toml LICENSE README.md ./
COPY ocr ocr
COPY models models
COPY training training
RUN python -m venv /opt/ocr && /opt/ocr/bin/pip install --no-cache-dir ".[pdf,heic,docx]" \
    && /opt/ocr/bin/pip uninstall --yes pip \
    && find /opt/ocr -type d -name tests -prune -exec rm -r {} +

FROM python:3.12-slim
COPY --from=build /opt/ocr /opt/ocr
RUN useradd --no-create-home --shell /usr/sbin/nologin reader
USER reader
WORKDIR /data
ENV PATH=/opt/ocr/bin:$PATH PYTHONDONTWRITEBYTECODE=1
ENTRYPOINT ["ocr"]
CMD ["--help"]
