//! The encoding: unambiguous, as documented, and graceful with any bytes.

use super::*;
use proptest::prelude::*;

#[derive(Debug, Clone, PartialEq)]
enum Value {
    U8(u8),
    U32(u32),
    U64(u64),
    I64(i64),
    Text(String),
    Bytes(Vec<u8>),
    Option(Option<Box<Value>>),
    List(Vec<Value>),
}

fn value() -> impl Strategy<Value = Value> {
    // Small ranges on purpose: near-collisions are where an ambiguous encoding would show.
    let leaf = prop_oneof![
        (0..3u8).prop_map(Value::U8),
        (0..3u32).prop_map(Value::U32),
        (0..3u64).prop_map(Value::U64),
        (-1..2i64).prop_map(Value::I64),
        "[\u{0}-\u{9}]{0,3}".prop_map(Value::Text),
        prop::collection::vec(0..10u8, 0..4).prop_map(Value::Bytes),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::option::of(inner.clone()).prop_map(|v| Value::Option(v.map(Box::new))),
            prop::collection::vec(inner, 0..3).prop_map(Value::List),
        ]
    })
}

fn write(writer: Writer, value: &Value) -> Writer {
    match value {
        Value::U8(v) => writer.u8(*v),
        Value::U32(v) => writer.u32(*v),
        Value::U64(v) => writer.u64(*v),
        Value::I64(v) => writer.i64(*v),
        Value::Text(v) => writer.text(v),
        Value::Bytes(v) => writer.bytes(v),
        Value::Option(v) => writer.option(v.as_deref(), write),
        Value::List(v) => writer.list(v, write),
    }
}

fn read(reader: &mut Reader<'_>, like: &Value) -> Result<Value, CanonicalError> {
    Ok(match like {
        Value::U8(_) => Value::U8(reader.u8()?),
        Value::U32(_) => Value::U32(reader.u32()?),
        Value::U64(_) => Value::U64(reader.u64()?),
        Value::I64(_) => Value::I64(reader.i64()?),
        Value::Text(_) => Value::Text(reader.text()?.to_owned()),
        Value::Bytes(_) => Value::Bytes(reader.bytes()?.to_vec()),
        Value::Option(like) => Value::Option(
            reader
                .option(|r| read(r, like.as_deref().ok_or(CanonicalError::Kind)?).map(Box::new))?,
        ),
        Value::List(like) => {
            let mut like = like.iter();
            Value::List(reader.list(|r| read(r, like.next().ok_or(CanonicalError::Kind)?))?)
        }
    })
}

fn encode(values: &[Value]) -> Vec<u8> {
    values.iter().fold(Writer::new("t", 1), write).finish()
}

proptest! {
    #[test]
    fn different_values_give_different_bytes(
        a in prop::collection::vec(value(), 0..4),
        b in prop::collection::vec(value(), 0..4),
    ) {
        prop_assert_eq!(a == b, encode(&a) == encode(&b));
    }

    #[test]
    fn what_is_written_is_read(values in prop::collection::vec(value(), 0..5)) {
        let bytes = encode(&values);
        let mut reader = Reader::new("t", &bytes).unwrap();
        for expected in &values {
            prop_assert_eq!(&read(&mut reader, expected).unwrap(), expected);
        }
        prop_assert_eq!(reader.finish(), Ok(()));
        // Nothing shorter reads as the same values.
        for end in 0..bytes.len() {
            let cut = Reader::new("t", &bytes[..end]).and_then(|mut reader| {
                values.iter().try_for_each(|v| read(&mut reader, v).map(drop))
            });
            prop_assert_eq!(cut, Err(CanonicalError::Truncated));
        }
    }

    #[test]
    fn reading_never_panics(bytes in prop::collection::vec(0..10u8, 0..40), like in value()) {
        if let Ok(mut reader) = Reader::new("", &bytes) {
            let _ = read(&mut reader, &like);
        }
    }
}

#[test]
fn bytes_are_as_documented() {
    let bytes = Writer::new("a", 1).text("童").finish();
    let expected = b"\x05\0\0\0\x01a\x01\x01\x05\0\0\0\x03\xe7\xab\xa5";
    assert_eq!(bytes, expected);
    let bytes = Writer::new("", 2)
        .u32(1)
        .u64(2)
        .i64(-1)
        .bytes(&[9])
        .option(None::<u8>, Writer::u8)
        .option(Some(7), Writer::u8)
        .list(["x", ""], Writer::text)
        .finish();
    let expected = b"\x05\0\0\0\0\x01\x02\x02\0\0\0\x01\x03\0\0\0\0\0\0\0\x02\
        \x04\xff\xff\xff\xff\xff\xff\xff\xff\x06\0\0\0\x01\x09\x07\x08\x01\x07\
        \x09\0\0\0\x02\x05\0\0\0\x01x\x05\0\0\0\0";
    assert_eq!(bytes, expected);
}

#[test]
fn another_use_and_a_tail_are_refused() {
    let mut bytes = Writer::new("a", 1).finish();
    assert_eq!(Reader::new("b", &bytes).err(), Some(CanonicalError::Tag));
    bytes.push(0);
    let reader = Reader::new("a", &bytes).unwrap();
    assert_eq!(
        (reader.version(), reader.finish()),
        (1, Err(CanonicalError::Trailing))
    );
}

#[test]
fn a_claimed_count_reserves_nothing() {
    let mut bytes = Writer::new("a", 1).finish();
    bytes.extend([LIST, 0xff, 0xff, 0xff, 0xff]);
    let mut reader = Reader::new("a", &bytes).unwrap();
    assert_eq!(reader.list(Reader::u8), Err(CanonicalError::Truncated));
}
