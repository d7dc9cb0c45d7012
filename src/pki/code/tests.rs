use super::*;
use proptest::prelude::*;
use rand::SeedableRng;
use rand::rngs::StdRng;

fn code(region: &str, pin: [u8; 16], seed: u64) -> EnrolmentCode {
    EnrolmentCode::generate(region, Pin(pin), &mut StdRng::seed_from_u64(seed)).unwrap()
}

proptest! {
    #[test]
    fn an_enrolment_code_is_read_as_written(
        region in "[0-9]{6}", pin in any::<[u8; 16]>(), seed in any::<u64>(),
    ) {
        let code = code(&region, pin, seed);
        let text = code.reveal();
        prop_assert_eq!(text.len(), "YQ1-150627-".len() + 13 * 4 + 12);
        prop_assert_eq!(EnrolmentCode::parse(&text), Ok(code.clone()));
        let careless = text.to_lowercase().replace('0', "o").replace('1', "l").replace('-', " ");
        prop_assert_eq!(EnrolmentCode::parse(&careless), Ok(code.clone()));
        prop_assert_eq!(EnrolmentSecret::parse(&code.secret().reveal()), Ok(code.secret().clone()));
    }

    /// Up to four characters typed wrongly, anywhere after the mark: region, secret, pin, check.
    #[test]
    fn typing_errors_are_found(
        pin in any::<[u8; 16]>(),
        seed in any::<u64>(),
        errors in prop::collection::btree_map(3usize..61, 1u8..32, 1..=4),
    ) {
        let text = code("150627", pin, seed).reveal();
        let mut symbols = crockford::read(&text).unwrap();
        for (at, error) in errors {
            symbols[at] ^= error;
        }
        let read = EnrolmentCode::parse(&crockford::write(&symbols));
        prop_assert!(matches!(read, Err(CodeError::Check | CodeError::Region)), "{:?}", read);
    }

    #[test]
    fn swapped_neighbours_are_found(pin in any::<[u8; 16]>(), seed in any::<u64>(), at in 3usize..60) {
        let mut symbols = crockford::read(&code("150627", pin, seed).reveal()).unwrap();
        prop_assume!(symbols[at] != symbols[at + 1]);
        symbols.swap(at, at + 1);
        let read = EnrolmentCode::parse(&crockford::write(&symbols));
        prop_assert!(matches!(read, Err(CodeError::Check | CodeError::Region)));
    }

    #[test]
    fn a_guardian_code_is_read_as_written_and_its_errors_found(
        seed in any::<u64>(), at in 0usize..12, error in 1u8..32,
    ) {
        let code = GuardianCode::generate(&mut StdRng::seed_from_u64(seed));
        let text = code.reveal();
        prop_assert_eq!(text.len(), 14);
        prop_assert_eq!(GuardianCode::parse(&text), Ok(code.clone()));
        let mut symbols = crockford::read(&text).unwrap();
        symbols[at] ^= error;
        prop_assert_eq!(GuardianCode::parse(&crockford::write(&symbols)), Err(CodeError::Check));
    }

    #[test]
    fn reading_never_panics(text in "(YQ1)?.{0,90}") {
        let _ = EnrolmentCode::parse(&text);
        let _ = EnrolmentSecret::parse(&text);
        let _ = GuardianCode::parse(&text);
    }
}

#[test]
fn errors_say_what_is_wrong() {
    let text = code("150627", [0xab; 16], 1).reveal();
    let refused = |text: &str| EnrolmentCode::parse(text).unwrap_err();
    assert_eq!(refused(""), CodeError::Mark);
    assert_eq!(refused("hello there"), CodeError::Mark);
    assert_eq!(refused(&text.replacen("YQ1", "YQ2", 1)), CodeError::Version);
    let length = CodeError::Length {
        expected: 61,
        found: 60,
    };
    assert_eq!(refused(&text[..text.len() - 1]), length);
    assert_eq!(
        refused(&text.replacen("150627", "15A627", 1)),
        CodeError::Region
    );
    assert_eq!(
        refused(&text.replacen("150627", "150626", 1)),
        CodeError::Check
    );
    assert_eq!(refused("YQ1-15U"), CodeError::Symbol(SymbolError::At(7)));
    assert_eq!(
        GuardianCode::parse("ABCD").unwrap_err(),
        CodeError::Length {
            expected: 12,
            found: 4
        }
    );
    for region in ["15062", "1506277", "15062x", "一二"] {
        let made = EnrolmentCode::generate(region, Pin([0; 16]), &mut StdRng::seed_from_u64(1));
        assert_eq!(made.unwrap_err(), CodeError::Region);
    }
}

/// A right check over a pin of more than 128 bits: nobody's code, and no second spelling of one.
#[test]
fn a_pin_has_one_spelling() {
    let mut symbols = crockford::read(&code("150627", [0; 16], 1).reveal()).unwrap();
    symbols[3 + REGION + SECRET] |= 8;
    let check = crockford::check_long(&symbols[3..3 + BODY]);
    symbols[3 + BODY..].copy_from_slice(&check);
    assert_eq!(
        EnrolmentCode::parse(&crockford::write(&symbols)),
        Err(CodeError::Check)
    );
}

#[test]
fn nothing_is_shown_and_digests_differ_by_every_part() {
    let code = code("150627", [1; 16], 1);
    let shown = format!("{code:?}");
    assert!(!shown.contains(&*code.secret().reveal()), "{shown}");
    let guardian = GuardianCode::generate(&mut StdRng::seed_from_u64(1));
    assert_eq!(format!("{guardian:?}"), "GuardianCode(…)");

    let other = GuardianCode::generate(&mut StdRng::seed_from_u64(2));
    let digest = guardian.keyed_digest(&[1; 32], "150627");
    assert_eq!(digest, guardian.clone().keyed_digest(&[1; 32], "150627"));
    assert_ne!(digest, guardian.keyed_digest(&[2; 32], "150627"));
    assert_ne!(digest, guardian.keyed_digest(&[1; 32], "150626"));
    assert_ne!(digest, other.keyed_digest(&[1; 32], "150627"));
}

#[test]
fn chance_gives_different_codes() {
    let chance = &mut StdRng::seed_from_u64(1);
    let secrets: std::collections::BTreeSet<_> = (0..1000)
        .map(|_| {
            EnrolmentCode::generate("150627", Pin([0; 16]), chance)
                .unwrap()
                .secret()
                .digest()
        })
        .collect();
    assert_eq!(secrets.len(), 1000);
}
