//! Master keys: the few secrets that come from outside and wrap every data key.

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use rand::RngCore;
use std::fmt;
use thiserror::Error;
use zeroize::Zeroizing;

/// One version of the master key: 256 bits, wiped when dropped, never printed.
pub struct MasterKey {
    version: u32,
    secret: Zeroizing<[u8; 32]>,
}

/// Why a text is no set of master keys. Lines count from one; nothing of their content is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum MasterKeyError {
    #[error("no master key given")]
    Empty,
    #[error("line {line}: expected version:64 hex digits")]
    Malformed { line: usize },
    #[error("line {line}: version given twice")]
    Repeated { line: usize },
    #[error("line {line}: key is all zero")]
    Zero { line: usize },
}

impl MasterKey {
    /// Draws a new key. Versions start at one.
    pub fn generate(version: u32, rng: &mut dyn RngCore) -> Self {
        let mut secret = Zeroizing::new([0; 32]);
        rng.fill_bytes(secret.as_mut());
        Self { version, secret }
    }

    pub fn version(&self) -> u32 {
        self.version
    }

    /// The line that [`MasterKeys::from_hex_lines`] reads back, without a line end.
    pub fn to_hex_line(&self) -> Zeroizing<String> {
        let hex = Zeroizing::new(HEXLOWER.encode(self.secret.as_ref()));
        Zeroizing::new(format!("{}:{}", self.version, hex.as_str()))
    }

    pub(super) fn secret(&self) -> &[u8; 32] {
        &self.secret
    }

    fn from_hex_line(line: &str) -> Option<Self> {
        let (version, hex) = line.split_once(':')?;
        let version = version.trim().parse().ok().filter(|&version| version > 0)?;
        let hex = hex.trim().as_bytes();
        let mut secret = Zeroizing::new([0; 32]);
        if hex.len() != 64 {
            return None;
        }
        HEXLOWER_PERMISSIVE.decode_mut(hex, secret.as_mut()).ok()?;
        Some(Self { version, secret })
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKey(version {})", self.version)
    }
}

/// The current master key, which wraps, and the older ones, which still unwrap.
#[derive(Debug)]
pub struct MasterKeys {
    current: MasterKey,
    older: Vec<MasterKey>,
}

impl MasterKeys {
    pub fn new(only: MasterKey) -> Self {
        Self {
            current: only,
            older: Vec::new(),
        }
    }

    /// Reads `version:hex` lines, as a file, an environment variable or a command's output may
    /// hold them; `;` ends a line too, for variables of one line. Empty lines and lines that start
    /// with `#` are skipped. The highest version is the current one.
    pub fn from_hex_lines(text: &str) -> Result<Self, MasterKeyError> {
        let mut keys: Vec<MasterKey> = Vec::new();
        for (line, content) in (1..).zip(lines(text)) {
            let Some(content) = key_in(content) else {
                continue;
            };
            let key =
                MasterKey::from_hex_line(content).ok_or(MasterKeyError::Malformed { line })?;
            if key.secret.iter().all(|&byte| byte == 0) {
                return Err(MasterKeyError::Zero { line });
            }
            if keys.iter().any(|known| known.version == key.version) {
                return Err(MasterKeyError::Repeated { line });
            }
            keys.push(key);
        }
        keys.sort_by_key(|key| key.version);
        let current = keys.pop().ok_or(MasterKeyError::Empty)?;
        Ok(Self {
            current,
            older: keys,
        })
    }

    /// The text that [`MasterKeys::from_hex_lines`] read, without the key of a version; all else stays
    /// as it stands.
    pub fn text_without(text: &str, version: u32) -> Zeroizing<String> {
        let of_version = |line: &&str| {
            let key = key_in(line).and_then(MasterKey::from_hex_line);
            key.is_some_and(|key| key.version == version)
        };
        // Room for all of it: no secret stays behind in a buffer that was outgrown.
        let mut kept = Zeroizing::new(String::with_capacity(text.len()));
        kept.extend(lines(text).filter(|line| !of_version(line)));
        kept
    }

    pub fn current(&self) -> &MasterKey {
        &self.current
    }

    /// The key of a version; `None` when it is retired or was never loaded.
    pub fn version(&self, version: u32) -> Option<&MasterKey> {
        std::iter::once(&self.current)
            .chain(&self.older)
            .find(|key| key.version == version)
    }
}

/// The lines of a source of keys, each with what ends it.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(['\n', ';'])
}

/// What a line says of a key; `None` where it is empty or a comment.
fn key_in(line: &str) -> Option<&str> {
    let content = line.trim_end_matches(['\n', ';']).trim();
    (!content.is_empty() && !content.starts_with('#')).then_some(content)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{SeedableRng, rngs::StdRng};

    const ONE: &str = "1:0101010101010101010101010101010101010101010101010101010101010101";
    const TWO: &str = "2:02020202020202020202020202020202020202020202020202020202020202AB";

    #[test]
    fn the_highest_version_is_current() {
        let text = format!("# keys of the county\n{TWO}\r\n\n {ONE} ");
        let keys = MasterKeys::from_hex_lines(&text).unwrap();
        assert_eq!(keys.current().version(), 2);
        assert_eq!(keys.current().secret()[31], 0xab);
        assert_eq!(keys.version(1).unwrap().secret(), &[1; 32]);
        assert!(keys.version(3).is_none());
        assert!(MasterKeys::from_hex_lines(&format!("{ONE};{TWO}")).is_ok());
    }

    #[test]
    fn a_version_is_taken_out_however_its_line_ends() {
        for (text, kept) in [
            (format!("{ONE};{TWO}"), TWO.to_owned()),
            (format!("{TWO};{ONE}\n"), format!("{TWO};")),
            (
                format!("# one {ONE}\r\n{ONE}\r\n {TWO}\n"),
                format!("# one {ONE}\r\n {TWO}\n"),
            ),
            (TWO.to_owned(), TWO.to_owned()),
        ] {
            let left = MasterKeys::text_without(&text, 1);
            assert_eq!(*left, kept);
            let keys = MasterKeys::from_hex_lines(&left).unwrap();
            assert_eq!(keys.current().version(), 2);
            assert!(keys.version(1).is_none());
        }
    }

    #[test]
    fn each_refusal_names_its_line_and_nothing_more() {
        let zero = format!("1:{}", "0".repeat(64));
        for (text, error) in [
            ("\n# nothing\n", MasterKeyError::Empty),
            ("abcd", MasterKeyError::Malformed { line: 1 }),
            (
                &format!("{ONE}\n2:0101"),
                MasterKeyError::Malformed { line: 2 },
            ),
            (&format!("{ONE}0"), MasterKeyError::Malformed { line: 1 }),
            (
                &ONE.replace("1:", "0:"),
                MasterKeyError::Malformed { line: 1 },
            ),
            (
                &ONE.replace("01", "童"),
                MasterKeyError::Malformed { line: 1 },
            ),
            (
                &format!("{ONE}\n{ONE}"),
                MasterKeyError::Repeated { line: 2 },
            ),
            (&zero, MasterKeyError::Zero { line: 1 }),
        ] {
            assert_eq!(MasterKeys::from_hex_lines(text).err(), Some(error));
        }
    }

    #[test]
    fn a_generated_key_is_read_back_and_not_printed() {
        let key = MasterKey::generate(7, &mut StdRng::seed_from_u64(1));
        let keys = MasterKeys::from_hex_lines(&key.to_hex_line()).unwrap();
        assert_eq!(keys.current().secret(), key.secret());
        let printed = format!("{keys:?}");
        assert_eq!(
            printed,
            "MasterKeys { current: MasterKey(version 7), older: [] }"
        );
    }
}
