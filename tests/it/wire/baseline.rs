//! The wire stays compatible: what a client was built against once keeps its name, number and type.
//!
//! `proto/baseline.bin` is the wire as it was last blessed. Additions pass. `YUQIAO_BLESS=1` makes
//! the present wire the baseline (at a release, or when a break is decided and said so).

use prost::Message;
use prost_reflect::{
    DescriptorPool, EnumDescriptor, FieldDescriptor, MessageDescriptor, ServiceDescriptor,
    prost_types::{FileDescriptorSet, field_descriptor_proto::Type},
};
use yuqiao::rpc::DESCRIPTORS;

const BASELINE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/proto/baseline.bin");

#[test]
fn the_wire_is_compatible_with_its_baseline() {
    if std::env::var_os("YUQIAO_BLESS").is_some() {
        std::fs::write(BASELINE, DESCRIPTORS).unwrap();
    }
    let baseline = std::fs::read(BASELINE).expect("proto/baseline.bin; YUQIAO_BLESS=1 makes it");
    let broken = breaks(&pool(&baseline), &pool(DESCRIPTORS));
    assert!(
        broken.is_empty(),
        "clients in the field would break:\n{}",
        broken.join("\n")
    );
}

fn pool(bytes: &[u8]) -> DescriptorPool {
    DescriptorPool::decode(bytes).unwrap()
}

/// What of `old` is no longer so in `new`.
fn breaks(old: &DescriptorPool, new: &DescriptorPool) -> Vec<String> {
    let mut found = Vec::new();
    for of in old.all_messages() {
        match new.get_message_by_name(of.full_name()) {
            Some(now) => fields(&of, &now, &mut found),
            None => found.push(format!("message {} is gone", of.full_name())),
        }
    }
    for of in old.all_enums() {
        match new.get_enum_by_name(of.full_name()) {
            Some(now) => values(&of, &now, &mut found),
            None => found.push(format!("enum {} is gone", of.full_name())),
        }
    }
    for of in old.services() {
        match new.get_service_by_name(of.full_name()) {
            Some(now) => methods(&of, &now, &mut found),
            None => found.push(format!("service {} is gone", of.full_name())),
        }
    }
    found
}

fn fields(old: &MessageDescriptor, new: &MessageDescriptor, found: &mut Vec<String>) {
    for of in old.fields() {
        let (was, now) = (
            shape(&of),
            new.get_field(of.number()).map(|field| shape(&field)),
        );
        if now.as_ref() != Some(&was) {
            let now = now.unwrap_or_else(|| "gone".to_owned());
            found.push(format!("{}: {was} is {now}", of.full_name()));
        }
    }
}

/// Everything about a field that a client's generated code, or its JSON, rests on.
fn shape(of: &FieldDescriptor) -> String {
    let oneof = of
        .containing_oneof()
        .map(|of| of.name().to_owned())
        .unwrap_or_default();
    format!(
        "{} = {} {:?} {:?} in {oneof:?} as {}",
        of.name(),
        of.number(),
        of.cardinality(),
        of.kind(),
        of.json_name()
    )
}

fn values(old: &EnumDescriptor, new: &EnumDescriptor, found: &mut Vec<String>) {
    for of in old.values() {
        if new
            .get_value(of.number())
            .is_none_or(|now| now.name() != of.name())
        {
            found.push(format!("{} = {} changed", of.full_name(), of.number()));
        }
    }
}

fn methods(old: &ServiceDescriptor, new: &ServiceDescriptor, found: &mut Vec<String>) {
    let shape = |of: &prost_reflect::MethodDescriptor| {
        let (input, output) = (of.input(), of.output());
        let streams = (of.is_client_streaming(), of.is_server_streaming());
        (
            input.full_name().to_owned(),
            output.full_name().to_owned(),
            streams,
        )
    };
    for of in old.methods() {
        let now = new.methods().find(|method| method.name() == of.name());
        if now.map(|now| shape(&now)) != Some(shape(&of)) {
            found.push(format!("method {} changed", of.full_name()));
        }
    }
}

/// The comparison itself, against each kind of break.
#[test]
fn each_kind_of_break_is_found() {
    let present = pool(DESCRIPTORS);
    assert_eq!(breaks(&present, &present), [""; 0]);
    type Change = fn(&mut FileDescriptorSet);
    let changes: [(&str, Change); 8] = [
        ("yuqiao.v1.CheckUp.date", |set| {
            message(set, "CheckUp")
                .field
                .retain(|field| field.name() != "date");
        }),
        ("yuqiao.v1.CheckUp.date", |set| {
            field(set, "CheckUp", "date").number = Some(99)
        }),
        ("yuqiao.v1.CheckUp.date", |set| {
            field(set, "CheckUp", "date").set_type(Type::Bytes);
        }),
        ("yuqiao.v1.CheckUp.date", |set| {
            let field = field(set, "CheckUp", "date");
            field.name = Some("day".to_owned());
            field.json_name = Some("day".to_owned());
        }),
        ("yuqiao.v1.GROWTH", |set| {
            let file = set
                .file
                .iter_mut()
                .find(|f| f.name().ends_with("common.proto"))
                .unwrap();
            let category = file
                .enum_type
                .iter_mut()
                .find(|e| e.name() == "Category")
                .unwrap();
            category.value.retain(|value| value.name() != "GROWTH");
        }),
        ("yuqiao.v1.LedgerService.ListLooks", |set| {
            let file = set
                .file
                .iter_mut()
                .find(|f| f.name().ends_with("ledger.proto"))
                .unwrap();
            file.service[0].method.clear();
        }),
        ("yuqiao.v1.LedgerService.ListLooks", |set| {
            let file = set
                .file
                .iter_mut()
                .find(|f| f.name().ends_with("ledger.proto"))
                .unwrap();
            file.service[0].method[0].server_streaming = Some(true);
        }),
        ("yuqiao.v1.LedgerService", |set| {
            let file = set
                .file
                .iter_mut()
                .find(|f| f.name().ends_with("ledger.proto"))
                .unwrap();
            file.service.clear();
        }),
    ];
    for (what, change) in changes {
        let mut set = FileDescriptorSet::decode(DESCRIPTORS).unwrap();
        change(&mut set);
        let changed = pool(&set.encode_to_vec());
        let found = breaks(&present, &changed);
        assert!(
            found.len() == 1 && found[0].contains(what),
            "{what}: {found:?}"
        );
        // The other way round, what was removed is an addition.
        let additions = breaks(&changed, &present);
        assert!(additions.len() <= 1, "{what}: {additions:?}");
    }
}

fn message<'s>(
    set: &'s mut FileDescriptorSet,
    name: &str,
) -> &'s mut prost_reflect::prost_types::DescriptorProto {
    let mut all = set.file.iter_mut().flat_map(|file| &mut file.message_type);
    all.find(|message| message.name() == name).unwrap()
}

fn field<'s>(
    set: &'s mut FileDescriptorSet,
    of: &str,
    name: &str,
) -> &'s mut prost_reflect::prost_types::FieldDescriptorProto {
    message(set, of)
        .field
        .iter_mut()
        .find(|field| field.name() == name)
        .unwrap()
}
