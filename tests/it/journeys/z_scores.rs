//! `yuqiao assess` against an independent implementation of WHO's standards of 2006 and 2007.

use std::process::Command;

/// Break it: in `clinical/growth/lms.rs`, leave the form beyond three standard deviations alone; in
/// `who/reference2007.rs`, take the lower month instead of interpolating.
#[test]
fn z_scores_agree_with_an_independent_implementation() {
    let Some(python) = std::env::var_os("YUQIAO_TEST_PYTHON") else {
        // `make test` provides it; by hand the comparison says that it was not made.
        assert!(
            std::env::var_os("YUQIAO_TEST_TALLY").is_none(),
            "make test gives YUQIAO_TEST_PYTHON: a Python with tests/python/requirements.txt"
        );
        eprintln!("not compared: YUQIAO_TEST_PYTHON names no Python; `make test` provides one");
        return;
    };
    let compared = Command::new(python)
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/python/who_zscores.py"
        ))
        .args([env!("CARGO_BIN_EXE_yuqiao"), "2500"])
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&compared.stdout);
    let wrong = String::from_utf8_lossy(&compared.stderr);
    assert!(compared.status.success(), "{told}{wrong}");
    for edition in ["WHO 2006", "WHO 2007"] {
        assert!(told.contains(&format!("{edition}, seed")), "{told}");
    }
    assert!(told.contains("2500 children"), "{told}");
}
