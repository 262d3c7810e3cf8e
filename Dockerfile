FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
RUN cargo build --profile dist --locked && cp target/dist/callgate /callgate

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 callgate \
    && install -d -o callgate -g callgate -m 0700 /data
COPY --from=build /callgate /usr/local/bin/callgate
USER callgate
ENV CALLGATE_LISTEN=0.0.0.0:8010 CALLGATE_DATA_DIR=/data
VOLUME /data
EXPOSE 8010
ENTRYPOINT ["callgate"]
CMD ["serve"]
