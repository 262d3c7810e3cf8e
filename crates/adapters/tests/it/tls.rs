//! Postgres over TLS: with `sslmode=verify-full` only the server that the name and the issuer belong to is spoken to.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up must say so at once")]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;

use callgate_adapters::clock::SystemClock;
use callgate_adapters::store::{self, OpenError};
use callgate_adapters::testing::postgres::Cluster;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, sql_query};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

const HOST: &str = "db.callgate.test";

/// Somebody who says who is who.
fn issuer(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut of_issuer = CertificateParams::new(Vec::new()).unwrap();
    of_issuer.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    of_issuer.distinguished_name.push(rcgen::DnType::CommonName, name);
    CertifiedIssuer::self_signed(of_issuer, KeyPair::generate().unwrap()).unwrap()
}

/// A server with a certificate for [`HOST`], and the file of its issuer.
fn server(folder: &Path) -> Option<(Cluster, u16)> {
    let (authority, key) = (issuer("ours"), KeyPair::generate().unwrap());
    let certificate = CertificateParams::new(vec![HOST.to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
    std::fs::write(folder.join("ca.pem"), authority.pem()).unwrap();
    std::fs::write(folder.join("other.pem"), issuer("another").pem()).unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    Some((Cluster::over_tls(port, &certificate.pem(), &key.serialize_pem())?, port))
}

#[derive(QueryableByName)]
struct Seen {
    #[diesel(sql_type = diesel::sql_types::Bool)]
    ssl: bool,
    #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::Text>)]
    version: Option<String>,
}

#[tokio::test]
async fn only_the_server_that_name_and_issuer_belong_to_is_spoken_to() {
    let folder = tempfile::tempdir().unwrap();
    let Some((cluster, port)) = server(folder.path()) else { return };
    let by_socket = cluster.fresh_database();
    let database = url::Url::parse(&by_socket).unwrap().path().to_owned();
    let url = |host: &str, ca: &str| {
        let ca = folder.path().join(ca);
        let reached = format!("host={host}&hostaddr=127.0.0.1&port={port}&user=callgate");
        format!("postgresql://{database}?{reached}&sslmode=verify-full&sslrootcert={}", ca.display())
    };
    let open = |url: String| tokio::task::spawn_blocking(move || store::open(&url, 2, Arc::new(SystemClock::new())));
    let check = async |url: String, expected: &str| match open(url).await.unwrap() {
        Err(OpenError::Unreachable(error)) => assert!(error.to_string().contains(expected), "{error}"),
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("it was opened, and not refused with '{expected}'"),
    };

    check(url("another.callgate.test", "ca.pem"), "does not match host name").await;
    check(url(HOST, "other.pem"), "certificate verify failed").await;
    check(url(HOST, "missing.pem"), "missing.pem").await;

    let stores = open(url(HOST, "ca.pem")).await.unwrap().unwrap();
    stores.calls.ping().await.unwrap();
    // The line of hints is a connection of its own.
    let _relay = store::relay(&url(HOST, "ca.pem"), |_| {}).unwrap().unwrap();
    let mut operator = PgConnection::establish(&by_socket).unwrap();
    let query = "SELECT s.ssl, s.version FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid) \
                 WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()";
    let seen: Vec<Seen> = sql_query(query).load(&mut operator).unwrap();
    assert!(!seen.is_empty());
    assert!(seen.iter().all(|seen| seen.ssl && seen.version.as_deref() == Some("TLSv1.3")));

    // Where the other end has no TLS, nothing is said in the clear.
    let plain = TcpListener::bind("127.0.0.1:0").unwrap();
    let plain_port = plain.local_addr().unwrap().port();
    let heard = std::thread::spawn(move || {
        let (mut stream, _) = plain.accept().unwrap();
        let mut asked = [0; 8];
        stream.read_exact(&mut asked).unwrap();
        stream.write_all(b"N").unwrap();
        let mut further = Vec::new();
        stream.read_to_end(&mut further).unwrap();
        (asked, further)
    });
    check(url(HOST, "ca.pem").replace(&format!("port={port}"), &format!("port={plain_port}")), "server does not support SSL")
        .await;
    // The request for TLS (PostgreSQL manual, "Message Formats", SSLRequest), and no word after it was refused.
    assert_eq!(heard.join().unwrap(), ([0, 0, 0, 8, 4, 210, 22, 47], Vec::new()));
}
