# Every command a developer types. `just` alone lists them.

_list:
    @just --list

# Formatting, lints, and who may depend on what.
check:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --locked -- -D warnings
    cargo deny check bans licenses sources

# All tests. Those on Postgres start a throw-away cluster of their own.
test:
    cargo test --workspace --locked

# What is too long for every change: more cases of every property, 200 + 50 kills, thousands of slow clients.
verify: check deploy-check && slow api-fuzz browser clients
    PROPTEST_CASES=20000 CALLGATE_REQUIRE_POSTGRES=1 CALLGATE_REQUIRE_STRACE=1 CALLGATE_REQUIRE_NGINX=1 CALLGATE_REQUIRE_VERIFIERS=1 \
        cargo test --workspace --locked --release -- --skip kill:: --skip no_notice_is_lost
    CALLGATE_REQUIRE_POSTGRES=1 CALLGATE_KILL_CYCLES_SQLITE=200 CALLGATE_KILL_CYCLES_POSTGRES=50 CALLGATE_STOPS=50 \
        CALLGATE_DELIVERY_CYCLES_SQLITE=50 CALLGATE_DELIVERY_CYCLES_POSTGRES=20 \
        cargo test --locked --release -p callgate --test ordeal -- --nocapture kill:: stop:: no_notice_is_lost

# Alerts with their tests, dashboard, unit and image: whether they name what there is. Needs Python, and promtool or apt.
deploy-check:
    deploy/check

# Fuzzes the API by its own document, with so many examples for each operation. Needs Python.
api-fuzz examples="100":
    .ci/api-fuzz {{ examples }}

# A person's way through the console in a real browser, and every screen under an accessibility checker: target/screens.
browser:
    .ci/browser

# The client libraries and the request collection: as the document says, and against the real program. Needs Python and Node.
clients:
    clients/generate --check
    cargo build --release --locked
    clients/check target/release/callgate

# What takes hours: a million seeds of the simulation, in parts that stay done, and ten times as many kills and stops.
soak seeds="1000000":
    cargo run --locked --release -p callgate-domain --features testing --example soak -- {{ seeds }}
    CALLGATE_REQUIRE_POSTGRES=1 CALLGATE_REQUIRE_STRACE=1 CALLGATE_SYNC_REQUESTS=10000 \
        CALLGATE_KILL_CYCLES_SQLITE=2000 CALLGATE_KILL_CYCLES_POSTGRES=500 CALLGATE_STOPS=500 \
        CALLGATE_DELIVERY_CYCLES_SQLITE=200 CALLGATE_DELIVERY_CYCLES_POSTGRES=50 \
        CALLGATE_SEVERAL_RUNS=50 CALLGATE_SEVERAL_STOP=60 \
        cargo test --locked --release -p callgate --test ordeal -- --nocapture

# Thousands of slow clients, and of streams, beside ordinary requests; prints how long these had to wait.
slow:
    ulimit -n 20000 && cargo test --locked --release -p callgate --test it thousands_of -- --ignored --nocapture

# Fuzzes phone, webhook_body, signature_headers, engine_reply or configuration, and keeps what it finds in its corpus. The
# three between are about every kind of provider: an input whose first byte is 1 to 7 is another kind's than our own.
fuzz target seconds="60":
    fuzz/run {{ target }} {{ seconds }}

# The gateway, with the simulator, on 127.0.0.1:8010.
run *args:
    cargo run --release --locked -- serve {{ args }}

# The core (create, read, list, webhook, dispatch; SQLite and Postgres) beside a bare handler, interleaved; each ratio beside its goal.
bench: _bench-build
    -target/release/examples/bench dispatch
    target/release/examples/bench

# How fast queued calls leave, and how soon a new one does.
bench-dispatch: _bench-build
    target/release/examples/bench dispatch

# Millions of finished calls, plain peers (needs Python and Node), flushes, memory and start; or only the parts named: flush, size, peers.
bench-full *parts: _bench-build
    target/release/examples/bench full {{ parts }}

# docs/performance.svg from what the benchmarks above left in target/bench.
bench-plot: _bench-build
    target/release/examples/bench plot

# The program comes last and alone: built together with tests it would hold what only they need.
_bench-build:
    cargo build --release --locked --examples
    cargo build --release --locked --bins

# A bill of materials (CycloneDX) of what the program is built from: target/callgate.cdx.json.
sbom:
    cargo cyclonedx --version || cargo install --locked cargo-cyclonedx
    cargo cyclonedx --manifest-path crates/server/Cargo.toml --describe binaries --no-build-deps --format json --spec-version 1.5
    mkdir -p target && mv crates/server/callgate_bin.cdx.json target/callgate.cdx.json

# Writes docs/openapi.json anew from the code, and the client libraries from that.
openapi:
    CALLGATE_BLESS=1 cargo test --locked -p callgate --test it openapi
    clients/generate
