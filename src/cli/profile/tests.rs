use super::*;
use crate::pki::{Request, SigningKey};
use std::os::unix::fs::PermissionsExt;

fn settings() -> Settings {
    Settings {
        endpoint: "https://gateway.example:8443".into(),
        region: "150627".into(),
        organization: "regions/150627/organizations/o1".into(),
        actor: "regions/150627/actors/a1".into(),
    }
}

fn authority() -> String {
    let mut params = rcgen::CertificateParams::default();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let key = rcgen::KeyPair::generate().unwrap();
    params.self_signed(&key).unwrap().pem()
}

fn enrolled(dir: &Path) -> Profile {
    let request = Request::generate().unwrap();
    let (_, signing) = SigningKey::generate().unwrap();
    let draft = Draft::begin(dir, &request.key, &signing).unwrap();
    let ca_pem = authority();
    draft
        .complete(&Enrolled {
            settings: &settings(),
            ca_pem: &ca_pem,
            certificate_pem: "certificate one",
        })
        .unwrap();
    Profile::load(dir).unwrap()
}

#[test]
fn what_was_enrolled_is_read_again_and_keys_are_the_owner_s_alone() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("clients/hospital");
    let profile = enrolled(&dir);
    assert_eq!(profile.settings, settings());
    assert_eq!(profile.certificate_pem, "certificate one");
    assert!(SigningKey::from_private(&profile.signing_key().unwrap()).is_ok());
    for name in [KEY, SIGNING_KEY] {
        let mode = fs::metadata(dir.join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let siblings = fs::read_dir(dir.parent().unwrap()).unwrap().count();
    assert_eq!(siblings, 1, "no partial directory stays");
}

#[test]
fn nothing_is_written_over_and_nothing_half_stays() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("profile");
    let request = Request::generate().unwrap();
    let (_, signing) = SigningKey::generate().unwrap();
    Draft::begin(&dir, &request.key, &signing)
        .unwrap()
        .discard();
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
    assert!(matches!(Profile::load(&dir), Err(ProfileError::Missing(_))));
    enrolled(&dir);
    let again = Draft::begin(&dir, &request.key, &signing);
    assert!(matches!(again, Err(ProfileError::Exists(_))));
}

#[test]
fn a_renewal_is_whole_even_after_a_crash_between_its_renames() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("profile");
    let profile = enrolled(&dir);
    let next = Request::generate().unwrap().key;
    profile
        .renew(&next, "certificate two", &authority())
        .unwrap();
    let renewed = Profile::load(&dir).unwrap();
    assert_eq!(renewed.certificate_pem, "certificate two");
    assert_eq!(renewed.key.reveal_pem(), next.reveal_pem());

    // Crash before the key's rename: the old pair stands.
    let third = Request::generate().unwrap().key;
    write(&dir.join("client.key.next"), third.reveal_pem(), 0o600).unwrap();
    write(&dir.join("client.pem.next"), "certificate three", 0o644).unwrap();
    assert_eq!(
        Profile::load(&dir).unwrap().certificate_pem,
        "certificate two"
    );
    // Crash after it: the certificate follows.
    fs::rename(dir.join("client.key.next"), dir.join(KEY)).unwrap();
    let third_pair = Profile::load(&dir).unwrap();
    assert_eq!(third_pair.certificate_pem, "certificate three");
    assert_eq!(third_pair.key.reveal_pem(), third.reveal_pem());
}
