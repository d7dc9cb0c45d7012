//! Symbols for codes that people read aloud, write down and type: Crockford's base 32.
//!
//! No I, L, O or U: what is typed as I or L is read as 1, as O is read as 0; small letters, hyphens
//! and blanks don't matter, nor do the full-width forms a Chinese input method writes. Check symbols
//! find typing errors before a server is asked; they are no secret and no protection.

use rand::RngCore;
use thiserror::Error;

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The longest text that is read as a code, in bytes.
pub const MAX_TEXT: usize = 1024;

/// A character that no code holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SymbolError {
    /// Its place in the typed text, counted from 1, blanks and hyphens included.
    #[error("character {0} is not one a code has")]
    At(usize),
    /// The text is longer than any code.
    #[error("text is far longer than a code")]
    Long,
}

/// The values (0 to 31) of a typed text's symbols.
pub fn read(text: &str) -> Result<Vec<u8>, SymbolError> {
    if text.len() > MAX_TEXT {
        return Err(SymbolError::Long);
    }
    let symbols = text
        .chars()
        .map(half_width)
        .enumerate()
        .filter(|(_, c)| !is_separator(*c));
    symbols
        .map(|(at, c)| value(c).ok_or(SymbolError::At(at + 1)))
        .collect()
}

/// Symbols as text, without separators. Only the low five bits of each value count.
pub fn write(symbols: &[u8]) -> String {
    symbols
        .iter()
        .map(|symbol| ALPHABET[usize::from(symbol & 31)] as char)
        .collect()
}

/// `N` symbols of chance: five bits each, all values equally likely.
pub fn draw<const N: usize>(chance: &mut dyn RngCore) -> [u8; N] {
    let mut symbols = [0; N];
    chance.fill_bytes(&mut symbols);
    symbols.map(|byte| byte & 31)
}

fn half_width(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => {
            char::from_u32(u32::from(c) - 0xff01 + u32::from('!')).unwrap_or(c)
        }
        other => other,
    }
}

fn is_separator(c: char) -> bool {
    c.is_whitespace() || matches!(c, '-' | '_' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

fn value(c: char) -> Option<u8> {
    let c = match c.to_ascii_uppercase() {
        'I' | 'L' => '1',
        'O' => '0',
        other => other,
    };
    let at = ALPHABET
        .iter()
        .position(|symbol| char::from(*symbol) == c)?;
    u8::try_from(at).ok()
}

/// Six check symbols over up to 83 others: every error in up to four symbols is found, and so is
/// every swap of two. The BCH code of Bech32m (BIP-350), without its prefix.
pub fn check_long(symbols: &[u8]) -> [u8; 6] {
    const GENERATOR: [u32; 5] = [
        0x3b6a_57b2,
        0x2650_8e6d,
        0x1ea1_19fa,
        0x3d42_33dd,
        0x2a14_62b3,
    ];
    const FINAL: u32 = 0x2bc8_30a3;
    let rest = remainder::<6>(symbols, &GENERATOR) ^ FINAL;
    [25, 20, 15, 10, 5, 0].map(|shift| low_five(rest >> shift))
}

/// Two check symbols over up to 29 others: every error in one or two symbols is found, and so is
/// every swap. A Reed-Solomon code over GF(32) (x⁵+x²+1) with the roots α and α².
pub fn check_short(symbols: &[u8]) -> [u8; 2] {
    const GENERATOR: [u32; 5] = [
        6 << 5 | 8,
        12 << 5 | 16,
        24 << 5 | 5,
        21 << 5 | 10,
        15 << 5 | 20,
    ];
    let rest = remainder::<2>(symbols, &GENERATOR);
    [low_five(rest >> 5), low_five(rest)]
}

/// The remainder of the symbols, as a polynomial, by a monic generator of degree `CHECKS`;
/// `generator[i]` is the generator's tail times 2^i.
fn remainder<const CHECKS: u32>(symbols: &[u8], generator: &[u32; 5]) -> u32 {
    let top = 5 * (CHECKS - 1);
    let zeros = (0..CHECKS).map(|_| 0);
    symbols
        .iter()
        .copied()
        .chain(zeros)
        .fold(1, |rest: u32, symbol| {
            let lead = rest >> top;
            let shifted = (rest & ((1 << top) - 1)) << 5 ^ u32::from(symbol & 31);
            generator
                .iter()
                .enumerate()
                .fold(shifted, |rest, (bit, term)| {
                    if lead >> bit & 1 == 1 {
                        rest ^ term
                    } else {
                        rest
                    }
                })
        })
}

fn low_five(value: u32) -> u8 {
    (value & 31) as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_people_type_is_read() {
        let clean = read("YQ10ABC").unwrap();
        for typed in [
            "yqloabc",
            "YQ-1 O-A_B—C",
            "ＹＱ１０ａｂｃ",
            "\tYQI0\nabc　",
            "ＹＱ－10 ABC",
        ] {
            assert_eq!(read(typed), Ok(clean.clone()), "{typed}");
        }
        assert_eq!(read("AB-U"), Err(SymbolError::At(4)));
        assert_eq!(read("育桥"), Err(SymbolError::At(1)));
        assert_eq!(read(&"0".repeat(MAX_TEXT + 1)), Err(SymbolError::Long));
    }

    /// BIP-350's valid string `a1lqfn3a`: the prefix "a" expands to 3, 0, 1 and no data follows.
    #[test]
    fn long_check_is_bech32m() {
        const BECH32: &str = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
        let expected: Vec<_> = "lqfn3a"
            .chars()
            .map(|c| BECH32.find(c).unwrap() as u8)
            .collect();
        assert_eq!(check_long(&[3, 0, 1]).to_vec(), expected);
    }

    /// Not a sample: every error in one or two of twelve symbols.
    #[test]
    fn short_check_finds_every_double_error() {
        let data: [u8; 10] = [0, 31, 7, 7, 19, 2, 0, 11, 30, 5];
        let word: Vec<u8> = data.iter().copied().chain(check_short(&data)).collect();
        for first in 0..word.len() {
            for second in first..word.len() {
                for a in 1..32 {
                    for b in 0..32 {
                        let mut bad = word.clone();
                        bad[first] ^= a;
                        if second != first {
                            bad[second] ^= b;
                        }
                        assert_ne!(check_short(&bad[..10]), bad[10..], "{first} {second}");
                    }
                }
            }
        }
    }

    proptest! {
        #[test]
        fn long_check_finds_up_to_four_errors(
            data in prop::collection::vec(0u8..32, 52),
            errors in prop::collection::btree_map(0usize..58, 1u8..32, 1..=4),
        ) {
            let mut word: Vec<u8> = data.iter().copied().chain(check_long(&data)).collect();
            for (at, error) in errors {
                word[at] ^= error;
            }
            prop_assert_ne!(&check_long(&word[..52])[..], &word[52..]);
        }

        #[test]
        fn written_is_read(symbols in prop::collection::vec(0u8..32, 0..60)) {
            prop_assert_eq!(read(&write(&symbols)), Ok(symbols));
        }

        #[test]
        fn reading_never_panics(text in ".{0,80}") {
            let _ = read(&text);
        }
    }
}
