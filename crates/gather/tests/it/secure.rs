//! TLS: authorities, client certificates, and what goes wrong.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;

use fathom_evidence::Kind;
use fathom_gather::{Error, Options, Source, Tls};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

use super::scripted::{Reply, alone, capture, go_answers, serve};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/it/tls")
        .join(name)
}

/// Starts a TLS server that demands a client certificate or not.
fn start(demand_client: bool) -> Source {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap();
    let builder = if demand_client {
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_file(file("ca.pem")).unwrap())
            .unwrap();
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
            .build()
            .unwrap();
        builder.with_client_cert_verifier(verifier)
    } else {
        builder.with_no_client_auth()
    };
    let chain = vec![CertificateDer::from_pem_file(file("server.pem")).unwrap()];
    let key = PrivateKeyDer::from_pem_file(file("server.key")).unwrap();
    let config = Arc::new(builder.with_single_cert(chain, key).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let answers = go_answers();
        let log = Mutex::new(Vec::new());
        for stream in listener.incoming().flatten() {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = StreamOwned::new(connection, stream);
            serve(&mut stream, &log, &|request| {
                answers
                    .get(request.path.as_str())
                    .cloned()
                    .unwrap_or(Reply::Status(404, ""))
            });
            stream.conn.send_close_notify();
            let _ = stream.conn.complete_io(&mut stream.sock);
        }
    });
    Source::parse(&format!("https://{address}")).unwrap()
}

fn with(tls: Tls) -> Options {
    Options { tls, ..alone() }
}

fn trusting() -> Tls {
    Tls {
        ca: Some(file("ca.pem")),
        ..Tls::default()
    }
}

#[test]
fn an_unknown_authority_is_refused_unless_named_or_waived() {
    let source = start(false);
    let error = capture(source.clone(), &alone()).unwrap_err();
    let Error::Nothing { why, hint, .. } = &error else {
        panic!("{error}")
    };
    assert!(why.starts_with("TLS: "), "{why}");
    assert!(hint.as_deref().unwrap().contains("--insecure"));

    let insecure = Tls {
        insecure: true,
        ..Tls::default()
    };
    for tls in [trusting(), insecure] {
        let taken = capture(source.clone(), &with(tls)).unwrap();
        assert!(taken.first(Kind::Heap).is_some());
    }
}

#[test]
fn a_client_certificate() {
    let source = start(true);
    let error = capture(source.clone(), &with(trusting())).unwrap_err();
    assert!(matches!(error, Error::Nothing { .. }), "{error}");
    let tls = Tls {
        cert: Some(file("client.pem")),
        key: Some(file("client.key")),
        ..trusting()
    };
    let taken = capture(source, &with(tls)).unwrap();
    assert!(taken.first(Kind::Heap).is_some());
}

#[test]
fn files_that_are_no_certificates() {
    let source = Source::parse("https://127.0.0.1:9").unwrap();
    let message = |tls: Tls| capture(source.clone(), &with(tls)).unwrap_err().to_string();
    let absent = Tls {
        ca: Some("/nonexistent.pem".into()),
        ..Tls::default()
    };
    assert!(message(absent).starts_with("/nonexistent.pem: "));
    let no_certificate = Tls {
        ca: Some(file("server.key")),
        ..Tls::default()
    };
    assert!(message(no_certificate).ends_with("server.key: no certificate in it"));
    let mismatched = Tls {
        cert: Some(file("client.pem")),
        key: Some(file("server.key")),
        ..Tls::default()
    };
    assert!(message(mismatched).contains("server.key: "));
}

#[test]
fn one_url_with_certificates_of_both_sides() {
    let url = |source: &Source, scheme: &str| {
        let Source::Address(address) = source else {
            panic!("{source:?}")
        };
        format!("{}heap", address.base_url()).replacen("https", scheme, 1)
    };
    let patience = std::time::Duration::from_secs(20);
    let open = start(false);
    let refused = fathom_gather::fetch(&url(&open, "https"), &alone(), patience).unwrap_err();
    assert!(refused.hint().unwrap().contains("https+insecure://"));
    assert!(fathom_gather::fetch(&url(&open, "https"), &with(trusting()), patience).is_ok());
    assert!(fathom_gather::fetch(&url(&open, "https+insecure"), &alone(), patience).is_ok());

    let closed = url(&start(true), "https");
    assert!(fathom_gather::fetch(&closed, &with(trusting()), patience).is_err());
    let tls = Tls {
        cert: Some(file("client.pem")),
        key: Some(file("client.key")),
        ..trusting()
    };
    assert!(fathom_gather::fetch(&closed, &with(tls), patience).is_ok());
}
