//! The shape of a schema as the database itself tells it, in words that both engines share.

use std::collections::BTreeMap;

use super::Raw;

/// Tables by name.
#[derive(Debug, PartialEq, Eq)]
pub struct Shape {
    pub tables: BTreeMap<String, Table>,
    /// Number and name of each migration.
    pub migrations: Vec<Vec<String>>,
}

/// One table.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// By name.
    pub columns: BTreeMap<String, Column>,
    /// Columns of the primary key, in order.
    pub primary_key: Vec<String>,
    /// What each index is over: uniqueness, columns and predicate, by name.
    pub indexes: BTreeMap<String, String>,
}

/// One column.
#[derive(Debug, PartialEq, Eq)]
pub struct Column {
    /// `text`, `integer` or `bytes`.
    pub kind: &'static str,
    pub nullable: bool,
}

impl Shape {
    /// Reads the shape of a database.
    pub async fn read(raw: &mut Raw) -> Self {
        let sql = |sqlite: &str, postgres: &str| match raw {
            Raw::Sqlite(_) => sqlite.to_owned(),
            Raw::Postgres(_) => postgres.to_owned(),
        };
        let columns = sql(SQLITE_COLUMNS, POSTGRES_COLUMNS);
        let keys = sql(SQLITE_KEYS, POSTGRES_KEYS);
        let indexes = sql(SQLITE_INDEXES, POSTGRES_INDEXES);
        let mut tables: BTreeMap<String, Table> = BTreeMap::new();
        for row in raw.texts(columns).await {
            let [table, column, kind, nullable] = row.try_into().unwrap();
            let column_shape = Column {
                kind: word(&kind),
                nullable: nullable == "yes",
            };
            tables
                .entry(table)
                .or_default()
                .columns
                .insert(column, column_shape);
        }
        for row in raw.texts(keys).await {
            let [table, column] = row.try_into().unwrap();
            tables.get_mut(&table).unwrap().primary_key.push(column);
        }
        for row in raw.texts(indexes).await {
            let [table, name, definition] = row.try_into().unwrap();
            tables
                .get_mut(&table)
                .unwrap()
                .indexes
                .insert(name, plain(&definition));
        }
        let migrations =
            "SELECT CAST(version AS TEXT), description FROM _sqlx_migrations ORDER BY 1";
        Self {
            tables,
            migrations: raw.texts(migrations.to_owned()).await,
        }
    }
}

fn word(kind: &str) -> &'static str {
    match kind.to_ascii_lowercase().as_str() {
        "text" => "text",
        "bigint" => "integer",
        "blob" | "bytea" => "bytes",
        other => panic!("{other} is not a type of both engines"),
    }
}

/// `CREATE UNIQUE INDEX n ON t (a, b) WHERE …` without what each engine writes in its own way.
fn plain(definition: &str) -> String {
    let (head, tail) = definition.split_once(" ON ").unwrap();
    let (_, tail) = tail.split_once('(').unwrap();
    let tail = tail.replace("::text", "").replace("= ANY (ARRAY[", "IN (");
    let tail: String = tail.chars().filter(|c| !" ()[]\n".contains(*c)).collect();
    let unique = if head.contains("UNIQUE") {
        "unique "
    } else {
        ""
    };
    format!("{unique}{tail}")
}

const SQLITE_COLUMNS: &str =
    "SELECT t.name, c.name, c.type, CASE c.\"notnull\" WHEN 0 THEN 'yes' ELSE 'no' END
     FROM sqlite_master t JOIN pragma_table_info(t.name) c
     WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%' AND t.name NOT LIKE '\\_%' ESCAPE '\\'";
const POSTGRES_COLUMNS: &str =
    "SELECT table_name::text, column_name::text, data_type::text, lower(is_nullable)
     FROM information_schema.columns
     WHERE table_schema = 'public' AND table_name NOT LIKE '\\_%'";
const SQLITE_KEYS: &str =
    "SELECT t.name, c.name FROM sqlite_master t JOIN pragma_table_info(t.name) c
     WHERE t.type = 'table' AND t.name NOT LIKE '\\_%' ESCAPE '\\' AND c.pk > 0
     ORDER BY t.name, c.pk";
const POSTGRES_KEYS: &str = "SELECT k.table_name::text, k.column_name::text
     FROM information_schema.key_column_usage k
     JOIN information_schema.table_constraints c
       ON c.constraint_name = k.constraint_name AND c.table_name = k.table_name
     WHERE c.constraint_type = 'PRIMARY KEY' AND k.table_schema = 'public'
       AND k.table_name NOT LIKE '\\_%'
     ORDER BY k.table_name, k.ordinal_position";
const SQLITE_INDEXES: &str = "SELECT tbl_name, name, sql FROM sqlite_master
     WHERE type = 'index' AND sql IS NOT NULL";
const POSTGRES_INDEXES: &str = "SELECT tablename::text, indexname::text, indexdef FROM pg_indexes
     WHERE schemaname = 'public' AND indexname NOT LIKE '%\\_pkey'";
