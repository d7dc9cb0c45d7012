//! Plainly synthetic names and numbers.

/// 伊金霍洛旗, the region of most tests.
pub const REGION: &str = "150627";
/// The same as a resource name.
pub const PARENT: &str = "regions/150627";

/// The commission's social credit code.
pub const COMMISSION_CODE: &str = "11150627999000048P";

/// The `n`-th synthetic social credit code: right check character, organisation code of nines.
pub fn credit_code(n: usize) -> String {
    const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
    let body = format!("52150627{:09}", 999_000_000 + n);
    let weights = std::iter::successors(Some(1), |weight| Some(weight * 3 % 31));
    let value = |c: u8| ALPHABET.iter().position(|known| *known == c).unwrap();
    let sum: usize = body
        .bytes()
        .map(value)
        .zip(weights)
        .map(|(v, w)| v * w)
        .sum();
    format!("{body}{}", char::from(ALPHABET[(31 - sum % 31) % 31]))
}
