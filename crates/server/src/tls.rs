//! TLS for REST, from PEM.

use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};

use crate::settings::{SettingsError, Tls};

/// The server's side of TLS for HTTP/1.1 and HTTP/2; clients must show a certificate if an authority for them is set.
pub(crate) fn server_config(tls: &Tls) -> Result<Arc<ServerConfig>, SettingsError> {
    let certificates = certificates("FANFARE_TLS_CERT", &tls.cert)?;
    let key = PrivateKeyDer::from_pem_slice(&tls.key)
        .map_err(|error| wrong("FANFARE_TLS_KEY", &error, "a file with a private key in PEM"))?;
    let builder = match &tls.client_ca {
        None => ServerConfig::builder().with_no_client_auth(),
        Some(pem) => {
            let mut roots = RootCertStore::empty();
            for certificate in self::certificates("FANFARE_TLS_CLIENT_CA", pem)? {
                roots.add(certificate).map_err(|error| not_usable("FANFARE_TLS_CLIENT_CA", &error))?;
            }
            let verifier = WebPkiClientVerifier::builder(Arc::new(roots))
                .build()
                .map_err(|error| not_usable("FANFARE_TLS_CLIENT_CA", &error))?;
            ServerConfig::builder().with_client_cert_verifier(verifier)
        }
    };
    let mut config =
        builder.with_single_cert(certificates, key).map_err(|error| not_usable("FANFARE_TLS_CERT", &error))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn certificates(name: &str, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, SettingsError> {
    let expected = "a file with certificates in PEM";
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, pem::Error>>()
        .map_err(|error| wrong(name, &error, expected))?;
    if certificates.is_empty() {
        return Err(wrong(name, &"no certificate in it", expected));
    }
    Ok(certificates)
}

fn wrong(name: &str, found: &dyn std::fmt::Display, expected: &str) -> SettingsError {
    SettingsError::Value { name: name.to_owned(), value: found.to_string(), expected: expected.to_owned() }
}

fn not_usable(name: &str, error: &dyn std::fmt::Display) -> SettingsError {
    wrong(name, error, "usable for TLS")
}
