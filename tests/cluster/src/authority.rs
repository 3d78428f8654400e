//! A certificate authority of a test's own.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use reqwest::{Certificate, Identity};
use tonic::transport::ClientTlsConfig;

use crate::HttpClient;

/// Vouches for this machine and for clients.
#[derive(Debug)]
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// A certificate and its key, each as PEM.
#[derive(Clone, Debug)]
pub struct Certified {
    /// The certificate.
    pub certificate: String,
    /// Its key.
    pub key: String,
}

impl Authority {
    /// A new one, which nobody trusts yet.
    ///
    /// # Panics
    /// If no certificate can be made.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "each is another one")]
    pub fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no names are fine");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key can be made");
        Self { issuer: CertifiedIssuer::self_signed(params, key).expect("a certificate can be made") }
    }

    /// Its own certificate as PEM, for those who are to trust it.
    #[must_use]
    pub fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// A certificate for servers on this machine, and for clients.
    ///
    /// # Panics
    /// If none can be made.
    #[must_use]
    pub fn certify(&self) -> Certified {
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let mut params = CertificateParams::new(names).expect("these are names");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        let key = KeyPair::generate().expect("a key can be made");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate can be made");
        Certified { certificate: certificate.pem(), key: key.serialize_pem() }
    }

    /// A client for REST that trusts nobody else, and shows a certificate if it has one.
    ///
    /// # Panics
    /// If it cannot be made.
    #[must_use]
    pub fn http_client(&self, shown: Option<&Certified>) -> HttpClient {
        let trusted = Certificate::from_pem(self.pem().as_bytes()).expect("a certificate");
        let mut builder = reqwest::Client::builder().no_proxy().tls_certs_only([trusted]);
        if let Some(Certified { certificate, key }) = shown {
            let identity = Identity::from_pem(format!("{key}{certificate}").as_bytes()).expect("key and certificate");
            builder = builder.identity(identity);
        }
        builder.build().expect("a client can be made")
    }

    /// The same for gRPC.
    #[must_use]
    pub fn grpc_client(&self, shown: Option<&Certified>) -> ClientTlsConfig {
        let config = ClientTlsConfig::new().ca_certificate(tonic::transport::Certificate::from_pem(self.pem()));
        match shown {
            Some(Certified { certificate, key }) => {
                config.identity(tonic::transport::Identity::from_pem(certificate, key))
            }
            None => config,
        }
    }
}
