//! One-time codes: how a party that has nothing yet proves that it was invited.
//!
//! An **enrolment code** invites an organization. It is handed over outside the system, and carries
//! all its holder needs to reach the right gateway and no other:
//!
//! ```text
//! YQ1-150627-7K2M-Q0RW-…        form and version, region, then 52 symbols in fours:
//!                               20 secret (100 bits), 26 authority's pin (128 bits), 6 check
//! ```
//!
//! A **guardian code** is short enough for the telephone: `XXXX-XXXX-XXXX`, 10 symbols of secret
//! (50 bits) and 2 of check. So few bits bear guessing only against a server that counts the tries,
//! hence its digest is keyed: a stolen table alone opens nothing.
//!
//! No server keeps a code, only a digest. `Debug` shows none; that a code is single-use and expires
//! is the store's to keep.

use std::fmt;

use rand::RngCore;
use ring::{digest, hmac};
use thiserror::Error;
use zeroize::Zeroizing;

use super::certificate::Pin;
use super::crockford::{self, SymbolError};

const SECRET: usize = 20;
const PIN: usize = 26;
const LONG_CHECK: usize = 6;
const REGION: usize = 6;
const SHORT: usize = 10;
const SHORT_CHECK: usize = 2;
const BODY: usize = REGION + SECRET + PIN;
/// Symbols of an enrolment code after `YQ1`.
const LONG: usize = BODY + LONG_CHECK;
/// `Y`, `Q` and `1` as symbols.
const MARK: [u8; 3] = [30, 23, 1];

/// An invitation of one organization by one region's authority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnrolmentCode {
    region: String,
    secret: EnrolmentSecret,
    pin: Pin,
}

/// The secret part of an enrolment code: 100 bits, the only part that is sent.
#[derive(Clone, PartialEq, Eq)]
pub struct EnrolmentSecret(Zeroizing<[u8; SECRET]>);

/// A guardian's one-time code: 50 bits.
#[derive(Clone, PartialEq, Eq)]
pub struct GuardianCode(Zeroizing<[u8; SHORT]>);

/// Why a text is not a code. None of these needs a server to find out, and none repeats the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CodeError {
    /// A character that no code holds, or a text far too long.
    #[error(transparent)]
    Symbol(#[from] SymbolError),
    /// An enrolment code begins with `YQ1`.
    #[error("enrolment code does not begin with YQ1")]
    Mark,
    /// A code of a later form, which this version does not know.
    #[error("enrolment code is of a newer form than this program knows")]
    Version,
    /// The wrong number of characters, blanks and hyphens not counted.
    #[error("code has {found} characters, not {expected}")]
    Length {
        /// How many the code should have.
        expected: usize,
        /// How many were typed.
        found: usize,
    },
    /// The region is not six digits.
    #[error("region in the code is not six digits")]
    Region,
    /// A typing error somewhere.
    #[error("code has a typing error")]
    Check,
}

impl EnrolmentCode {
    /// A new invitation. `region` is six digits, `pin` the authority's certificate's.
    pub fn generate(region: &str, pin: Pin, chance: &mut dyn RngCore) -> Result<Self, CodeError> {
        if region.len() != REGION || !region.bytes().all(|b| b.is_ascii_digit()) {
            return Err(CodeError::Region);
        }
        let secret = EnrolmentSecret(crockford::draw(chance).into());
        Ok(Self {
            region: region.to_owned(),
            secret,
            pin,
        })
    }

    /// Reads what a person typed or pasted.
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        let symbols = Zeroizing::new(crockford::read(text)?);
        let code = match symbols.strip_prefix(&MARK) {
            Some(code) => code,
            None if symbols.starts_with(&MARK[..2]) && symbols.len() > MARK.len() => {
                return Err(CodeError::Version);
            }
            None => return Err(CodeError::Mark),
        };
        let (body, check) = split::<LONG_CHECK>(code, LONG, MARK.len())?;
        let (region, rest) = body.split_at(REGION);
        if region.iter().any(|digit| *digit > 9) {
            return Err(CodeError::Region);
        }
        let (secret, pin) = rest.split_at(SECRET);
        if crockford::check_long(body) != check {
            return Err(CodeError::Check);
        }
        Ok(Self {
            region: crockford::write(region),
            secret: EnrolmentSecret(fixed(secret).ok_or(CodeError::Check)?),
            pin: unpack(pin).ok_or(CodeError::Check)?,
        })
    }

    /// The text to hand over, and to show once.
    pub fn reveal(&self) -> Zeroizing<String> {
        let region: Vec<u8> = self.region.bytes().map(|digit| digit - b'0').collect();
        let mut body = Zeroizing::new(Vec::with_capacity(LONG));
        body.extend_from_slice(&region);
        body.extend_from_slice(&self.secret.0[..]);
        body.extend_from_slice(&pack(self.pin));
        let check = crockford::check_long(&body);
        body.extend_from_slice(&check);
        let groups = grouped(&body[REGION..]);
        Zeroizing::new(format!("YQ1-{}-{}", self.region, *groups))
    }

    /// The inviting region's six digits.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The only authority the holder may believe while enrolling.
    pub fn pin(&self) -> Pin {
        self.pin
    }

    /// The part that is sent to the gateway, once it has proved to be the right one.
    pub fn secret(&self) -> &EnrolmentSecret {
        &self.secret
    }
}

impl EnrolmentSecret {
    /// Reads a secret that arrived on the wire: 20 symbols.
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        let symbols = Zeroizing::new(crockford::read(text)?);
        let wrong = CodeError::Length {
            expected: SECRET,
            found: symbols.len(),
        };
        Ok(Self(fixed(&symbols).ok_or(wrong)?))
    }

    /// The text that is sent.
    pub fn reveal(&self) -> Zeroizing<String> {
        Zeroizing::new(crockford::write(&self.0[..]))
    }

    /// What the server keeps, and looks an invitation up by: SHA-256, bound to this use. A hundred
    /// bits need no slow hash.
    pub fn digest(&self) -> [u8; 32] {
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(b"yuqiao enrolment secret v1\0");
        context.update(self.reveal().as_bytes());
        bytes(context.finish().as_ref())
    }
}

impl GuardianCode {
    /// A new code.
    pub fn generate(chance: &mut dyn RngCore) -> Self {
        Self(crockford::draw(chance).into())
    }

    /// Reads what a person typed.
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        let symbols = Zeroizing::new(crockford::read(text)?);
        let (body, check) = split::<SHORT_CHECK>(&symbols, SHORT + SHORT_CHECK, 0)?;
        if crockford::check_short(body) != check {
            return Err(CodeError::Check);
        }
        Ok(Self(fixed(body).ok_or(CodeError::Check)?))
    }

    /// The text to hand over: `XXXX-XXXX-XXXX`.
    pub fn reveal(&self) -> Zeroizing<String> {
        let mut symbols = Zeroizing::new([0; SHORT + SHORT_CHECK]);
        symbols[..SHORT].copy_from_slice(&self.0[..]);
        symbols[SHORT..].copy_from_slice(&crockford::check_short(&self.0[..]));
        grouped(&*symbols)
    }

    /// What the server keeps: HMAC-SHA-256 under a key that is not in the same table, bound to a
    /// region so that equal codes of two regions don't look equal.
    pub fn keyed_digest(&self, key: &[u8; 32], region: &str) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
        context.update(b"yuqiao guardian code v1\0");
        context.update(region.as_bytes());
        context.update(b"\0");
        context.update(&self.0[..]);
        bytes(context.sign().as_ref())
    }
}

impl fmt::Debug for EnrolmentSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EnrolmentSecret(…)")
    }
}

impl fmt::Debug for GuardianCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GuardianCode(…)")
    }
}

/// Body and check symbols of a code of `expected` symbols that stood behind `before` others.
fn split<const CHECK: usize>(
    code: &[u8],
    expected: usize,
    before: usize,
) -> Result<(&[u8], [u8; CHECK]), CodeError> {
    let length = CodeError::Length {
        expected: expected + before,
        found: code.len() + before,
    };
    match code.split_last_chunk() {
        Some((body, check)) if code.len() == expected => Ok((body, *check)),
        _ => Err(length),
    }
}

fn fixed<const N: usize>(symbols: &[u8]) -> Option<Zeroizing<[u8; N]>> {
    symbols.try_into().ok().map(Zeroizing::new)
}

fn grouped(symbols: &[u8]) -> Zeroizing<String> {
    let mut text = String::with_capacity(symbols.len() + symbols.len() / 4 + 4);
    for (at, group) in symbols.chunks(4).enumerate() {
        if at > 0 {
            text.push('-');
        }
        text.push_str(&Zeroizing::new(crockford::write(group)));
    }
    Zeroizing::new(text)
}

/// 128 bits as 26 symbols, the first of which has three bits.
fn pack(pin: Pin) -> [u8; PIN] {
    let number = u128::from_be_bytes(pin.0);
    std::array::from_fn(|at| (number >> (5 * (PIN - 1 - at)) & 31) as u8)
}

fn unpack(symbols: &[u8]) -> Option<Pin> {
    if *symbols.first()? > 7 {
        return None;
    }
    let number = symbols
        .iter()
        .fold(0u128, |number, symbol| number << 5 | u128::from(*symbol));
    Some(Pin(number.to_be_bytes()))
}

fn bytes(digest: &[u8]) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest);
    bytes
}

#[cfg(test)]
mod tests;
