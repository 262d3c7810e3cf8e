# The image: one program that needs a folder, /data, and nothing else of the file system. Its root may be read-only.

# The compiler of rust-toolchain.toml; deploy/check compares the two.
FROM rust:1.95.0-bookworm AS build
# Without this rustup would fetch what rust-toolchain.toml lists for developers, formatter and lints.
ENV RUSTUP_TOOLCHAIN=1.95.0
# For the C libraries that are built from source: OpenSSL wants perl and make. The image has both today.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends gcc libc6-dev make perl \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN cargo build --profile dist --locked --package callgate --bin callgate \
    && cp target/dist/callgate /callgate

# The same Debian as above: what was built there needs no newer libc than is here.
FROM debian:bookworm-slim
# The certificates of public authorities, by which providers and receivers of webhooks are known.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --system --gid 10001 callgate \
    && useradd --system --uid 10001 --gid 10001 --home-dir /data --no-create-home --shell /usr/sbin/nologin callgate \
    && install -d -o callgate -g callgate -m 0700 /data
COPY --from=build /callgate /usr/local/bin/callgate
# As numbers: Kubernetes' runAsNonRoot cannot tell from a name.
USER 10001:10001
ENV CALLGATE_LISTEN=0.0.0.0:8010 CALLGATE_DATA_DIR=/data
VOLUME /data
EXPOSE 8010
# --offline: a provider that is down is no reason to start this container anew.
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 CMD ["callgate", "doctor", "--offline", "--quiet"]
ENTRYPOINT ["callgate"]
CMD ["serve"]
