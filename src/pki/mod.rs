//! Who may knock: certificates, one-time codes and organization signatures.
//!
//! Pure: bytes and texts in, bytes and texts out; the time is always given. Chance is given too,
//! except where a library makes a key or an ECDSA signature and takes its own from the operating
//! system (`rcgen`, `ring`). Nothing here opens a socket or a file, and nothing here decides what
//! an organization may do: a certificate says *who* calls, standing and keys are read elsewhere.

pub mod authority;
pub mod certificate;
pub mod code;
pub mod crockford;
pub mod key;
pub mod name;
pub mod request;
pub mod signature;
pub mod trust;

pub use authority::{Authority, Issued};
pub use certificate::{Fingerprint, PeerCertificate, Pin};
pub use code::{EnrolmentCode, EnrolmentSecret, GuardianCode};
pub use key::PrivateKey;
pub use name::CertificateName;
pub use request::Request;
pub use signature::{PublicKey, SigningKey};
pub use trust::TrustBundle;
