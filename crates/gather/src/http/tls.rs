//! The TLS side of a client: authorities, certificates, verification.

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use ureq::tls::{Certificate, ClientCert, PemItem, PrivateKey, TlsConfig, parse_pem};

use crate::{Error, Tls};

/// Builds the configuration of one client.
pub(super) fn config(tls: &Tls) -> Result<TlsConfig, Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let roots = match &tls.ca {
        Some(path) => certificates(path)?,
        None => system_authorities(),
    };
    let client = match &tls.cert {
        Some(path) => Some(client_certificate(path, tls.key.as_deref(), &provider)?),
        None => None,
    };
    Ok(TlsConfig::builder()
        .unversioned_rustls_crypto_provider(provider)
        .root_certs(roots.into())
        .client_cert(client)
        .disable_verification(tls.insecure)
        .build())
}

fn system_authorities() -> Vec<Certificate<'static>> {
    // Certificates that cannot be read are left out: verification will say so.
    rustls_native_certs::load_native_certs()
        .certs
        .iter()
        .map(|certificate| Certificate::from_der(certificate).to_owned())
        .collect()
}

fn tls_error(path: &Path, reason: &impl ToString) -> Error {
    Error::Tls {
        what: path.display().to_string(),
        reason: reason.to_string(),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|error| tls_error(path, &error))
}

fn certificates(path: &Path) -> Result<Vec<Certificate<'static>>, Error> {
    let pem = read(path)?;
    let mut found = Vec::new();
    for item in parse_pem(&pem) {
        if let PemItem::Certificate(certificate) = item.map_err(|error| tls_error(path, &error))? {
            found.push(certificate);
        }
    }
    if found.is_empty() {
        return Err(tls_error(path, &"no certificate in it"));
    }
    Ok(found)
}

fn client_certificate(
    cert: &Path,
    key: Option<&Path>,
    provider: &CryptoProvider,
) -> Result<ClientCert, Error> {
    let chain = certificates(cert)?;
    let key_path = key.unwrap_or(cert);
    let key =
        PrivateKey::from_pem(&read(key_path)?).map_err(|error| tls_error(key_path, &error))?;
    check_pair(&chain, &key, provider).map_err(|error| tls_error(key_path, &error))?;
    Ok(ClientCert::new_with_certs(&chain, key))
}

/// Checks that key and certificate belong together: the client would panic
/// over a pair that does not.
fn check_pair(
    chain: &[Certificate<'static>],
    key: &PrivateKey<'static>,
    provider: &CryptoProvider,
) -> Result<(), rustls::Error> {
    let ders = chain
        .iter()
        .map(|certificate| CertificateDer::from(certificate.der().to_vec()))
        .collect();
    let key = PrivateKeyDer::try_from(key.der().to_vec())
        .map_err(|reason| rustls::Error::General(reason.to_owned()))?;
    rustls::sign::CertifiedKey::from_der(ders, key, provider).map(|_| ())
}
