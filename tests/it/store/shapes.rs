//! One shape on two engines: what the migrations of each make is the same.

use std::sync::Mutex;

use crate::support::{Raw, on_every_engine, shape::Shape};

/// Break it: leave out `NOT NULL`, a column of an index or a `WHERE` in one engine's migration.
#[tokio::test]
async fn the_migrations_of_both_engines_make_the_same_shape() {
    let shapes = Mutex::new(Vec::new());
    on_every_engine(async |bench| {
        let mut raw = Raw::connect(&bench.place).await;
        let shape = Shape::read(&mut raw).await;
        shapes.lock().unwrap().push(shape);
    })
    .await;
    let shapes = shapes.into_inner().unwrap();
    let mut expected = &shapes[0];
    for shape in &shapes[1..] {
        for (name, table) in &expected.tables {
            assert_eq!(shape.tables.get(name), Some(table), "{name}");
        }
        assert_eq!(shape, expected);
        expected = shape;
    }
}

/// The tenant key: a row is found within its region or not at all (Citus distributes by it).
#[tokio::test]
async fn every_key_and_every_index_begins_with_the_region() {
    on_every_engine(async |bench| {
        let mut raw = Raw::connect(&bench.place).await;
        let shape = Shape::read(&mut raw).await;
        assert!(shape.tables.len() > 20, "{:?}", shape.tables.keys());
        for (name, table) in &shape.tables {
            assert_eq!(
                table.primary_key.first().map(String::as_str),
                Some("region"),
                "{name}"
            );
            assert!(!table.columns["region"].nullable, "{name}");
            for (index, definition) in &table.indexes {
                let columns = definition.trim_start_matches("unique ");
                assert!(columns.starts_with("region,"), "{index}: {definition}");
            }
        }
    })
    .await;
}
