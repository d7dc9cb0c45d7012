use super::*;
use crate::pki::certificate::PeerCertificate;
use crate::pki::request::Request;
use rand::SeedableRng;
use rand::rngs::StdRng;
use x509_parser::prelude::GeneralName;

pub(crate) fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap()
}

pub(crate) fn chance(seed: u64) -> StdRng {
    StdRng::seed_from_u64(seed)
}

pub(crate) fn authority(seed: u64) -> Authority {
    Authority::create("测试育桥 150627", now(), CA_VALIDITY, &mut chance(seed))
        .unwrap()
        .0
}

pub(crate) fn organization() -> CertificateName {
    CertificateName::new("150627", "01JD3Z9V7M0000000000000001").unwrap()
}

fn der(pem: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()
}

#[test]
fn a_client_certificate_says_what_we_say() {
    let authority = authority(1);
    let request = Request::generate().unwrap();
    let issued = authority
        .issue_client(
            &request.csr_pem,
            &organization(),
            now(),
            CLIENT_VALIDITY,
            &mut chance(2),
        )
        .unwrap();
    let peer = PeerCertificate::parse_pem(&issued.certificate_pem).unwrap();
    assert_eq!(peer.name, organization());
    assert_eq!(peer.fingerprint, issued.fingerprint);
    assert_eq!(peer.not_before, now() - CLOCK_SKEW);
    assert_eq!(peer.not_after, now() + CLIENT_VALIDITY);
    assert!(peer.is_valid_at(now()) && !peer.is_valid_at(now() + TimeDelta::days(91)));
    let renew = peer.renew_after();
    assert!(now() + TimeDelta::days(59) < renew && renew < now() + TimeDelta::days(61));

    let bytes = der(&issued.certificate_pem);
    let read = x509(&bytes).unwrap();
    assert_eq!(
        read.public_key().raw,
        proven_key(&request.csr_pem).unwrap().spki_der()
    );
    let usage = read.extended_key_usage().unwrap().unwrap().value;
    assert!(usage.client_auth && !usage.server_auth && !usage.any);
    assert!(!read.is_ca());
    assert_eq!(read.version().0, 2, "an X.509 v3 certificate");
}

#[test]
fn wishes_in_a_request_are_not_granted() {
    let pair = KeyPair::generate().unwrap();
    let foreign = "yuqiao://regions/110101/organizations/somebody-else";
    let mut wishes = CertificateParams::new(vec!["gateway.example".to_owned()]).unwrap();
    wishes
        .subject_alt_names
        .push(SanType::URI(foreign.try_into().unwrap()));
    wishes
        .distinguished_name
        .push(DnType::CommonName, "somebody else");
    wishes.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    wishes.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    wishes.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let csr = wishes.serialize_request(&pair).unwrap().pem().unwrap();

    let issued = authority(1)
        .issue_client(
            &csr,
            &organization(),
            now(),
            CLIENT_VALIDITY,
            &mut chance(2),
        )
        .unwrap();
    let bytes = der(&issued.certificate_pem);
    let read = x509(&bytes).unwrap();
    assert_eq!(read.subject().to_string(), "CN=01JD3Z9V7M0000000000000001");
    let names = &read
        .subject_alternative_name()
        .unwrap()
        .unwrap()
        .value
        .general_names;
    let ours = organization().to_string();
    assert_eq!(names, &[GeneralName::URI(&ours)]);
    assert!(
        !read.is_ca()
            && !read
                .extended_key_usage()
                .unwrap()
                .unwrap()
                .value
                .server_auth
    );
    assert!(!read.key_usage().unwrap().unwrap().value.key_cert_sign());
}

#[test]
fn a_server_certificate_holds_names_and_addresses() {
    let request = Request::generate().unwrap();
    let sign = |hosts: &[&str]| {
        authority(1).issue_server(
            &request.csr_pem,
            hosts,
            now(),
            SERVER_VALIDITY,
            &mut chance(2),
        )
    };
    let issued = sign(&["gateway.example", "127.0.0.1", "::1"]).unwrap();
    assert_eq!(issued.chain_pem.matches("BEGIN CERTIFICATE").count(), 2);
    let bytes = der(&issued.certificate_pem);
    let read = x509(&bytes).unwrap();
    let names = &read
        .subject_alternative_name()
        .unwrap()
        .unwrap()
        .value
        .general_names;
    let sixteen = std::net::Ipv6Addr::LOCALHOST.octets();
    assert_eq!(
        names,
        &[
            GeneralName::DNSName("gateway.example"),
            GeneralName::IPAddress(&[127, 0, 0, 1]),
            GeneralName::IPAddress(&sixteen),
        ]
    );
    for bad in [
        &[][..],
        &["两"],
        &["a b"],
        &[""],
        &["https://gateway.example"],
    ] {
        assert_eq!(sign(bad), Err(AuthorityError::Host), "{bad:?}");
    }
}

#[test]
fn an_authority_comes_back_from_its_files() {
    let (made, key) = Authority::create("测试", now(), CA_VALIDITY, &mut chance(1)).unwrap();
    let loaded = Authority::load(&made.certificate_pem(), &key).unwrap();
    assert_eq!(loaded.fingerprint(), made.fingerprint());
    assert_eq!(loaded.not_after(), now() + CA_VALIDITY);
    let (other, _) = Authority::create("测试", now(), CA_VALIDITY, &mut chance(2)).unwrap();
    assert_eq!(
        Authority::load(&other.certificate_pem(), &key).unwrap_err(),
        AuthorityError::OtherKey
    );
    let request = Request::generate().unwrap();
    let leaf = made
        .issue_client(
            &request.csr_pem,
            &organization(),
            now(),
            CLIENT_VALIDITY,
            &mut chance(3),
        )
        .unwrap();
    assert_eq!(
        Authority::load(&leaf.certificate_pem, &request.key).unwrap_err(),
        AuthorityError::NotAuthority
    );
    assert_eq!(
        format!("{made:?}"),
        format!("Authority({})", made.fingerprint())
    );
}

#[test]
fn nothing_outlives_its_authority() {
    let (authority, _) =
        Authority::create("测试", now(), TimeDelta::days(10), &mut chance(1)).unwrap();
    let request = Request::generate().unwrap();
    let sign = |at, validity| {
        authority.issue_client(
            &request.csr_pem,
            &organization(),
            at,
            validity,
            &mut chance(3),
        )
    };
    let issued = sign(now() + TimeDelta::days(1), CLIENT_VALIDITY).unwrap();
    assert_eq!(issued.not_after, now() + TimeDelta::days(10));
    assert_eq!(
        sign(now() + TimeDelta::days(11), CLIENT_VALIDITY),
        Err(AuthorityError::Expired)
    );
    assert_eq!(
        sign(now(), TimeDelta::zero()),
        Err(AuthorityError::Validity)
    );
    assert_eq!(sign(now(), TimeDelta::MAX), Err(AuthorityError::Validity));
}

#[test]
fn serial_numbers_come_from_the_given_chance() {
    let authority = authority(1);
    let request = Request::generate().unwrap();
    let serial = |seed| {
        let chance = &mut chance(seed);
        authority
            .issue_client(
                &request.csr_pem,
                &organization(),
                now(),
                CLIENT_VALIDITY,
                chance,
            )
            .unwrap()
            .serial
    };
    assert_eq!(serial(7), serial(7));
    assert_ne!(serial(7), serial(8));
    assert_eq!(serial(7).len(), 32);
}
