//! A certificate for examples and tests, which nobody else has signed.

use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::{Error, RootCertStore};

/// A certificate of `localhost`, its key, and whom to trust to accept it.
///
/// # Errors
///
/// What makes certificates says so, in words.
pub fn made_up() -> Result<(CertificateDer<'static>, PrivateKeyDer<'static>, RootCertStore), Error>
{
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]);
    let made = made.map_err(|error| Error::General(error.to_string()))?;
    let certificate = made.cert.der().clone();
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone())?;
    Ok((certificate, key.into(), roots))
}
