//! The tables the house rules read: the rooms of `src/` from the ground up, the crates that only
//! some of them may name, and the words by which SQL and status codes are known.

/// A room of `src/`: a file or a folder directly below it.
pub struct Room {
    pub name: &'static str,
    pub may_use: &'static [&'static str],
    /// No I/O, no waiting, no wire, no database.
    pub pure: bool,
}

const fn pure(name: &'static str, may_use: &'static [&'static str]) -> Room {
    Room {
        name,
        may_use,
        pure: true,
    }
}

const fn room(name: &'static str, may_use: &'static [&'static str]) -> Room {
    Room {
        name,
        may_use,
        pure: false,
    }
}

const BELOW_STORE: &[&str] = &[
    "clock",
    "domain",
    "access",
    "clinical",
    "ledger",
    "vault",
    "pki",
    "telemetry",
];
const BELOW_SERVICE: &[&str] = &[
    "clock",
    "domain",
    "access",
    "clinical",
    "ledger",
    "vault",
    "pki",
    "telemetry",
    "store",
];
const BELOW_DOORS: &[&str] = &[
    "clock",
    "domain",
    "access",
    "clinical",
    "ledger",
    "vault",
    "pki",
    "telemetry",
    "store",
    "service",
    "config",
];

/// The direction of dependencies, from the ground up. A room may always use itself.
pub const ROOMS: &[Room] = &[
    room("clock", &[]),
    pure("domain", &["clock"]),
    // A decision knows the facts and the time it was given, nothing else.
    pure("access", &["domain"]),
    pure("clinical", &["clock", "domain"]),
    pure("ledger", &["clock", "domain"]),
    pure("vault", &["clock", "domain"]),
    pure("pki", &["clock", "domain"]),
    room("telemetry", &["clock"]),
    room("store", BELOW_STORE),
    room("service", BELOW_SERVICE),
    room("config", BELOW_SERVICE),
    room("rpc", BELOW_DOORS),
    room("interop", BELOW_DOORS),
    room("console", BELOW_DOORS),
];

/// `cli` and `main` stand above every room; `lib` is the map and names them all.
pub const ABOVE_ALL: &[&str] = &["cli", "main", "lib"];

pub const DOORS: &[&str] = &["rpc", "interop", "console", "cli", "main"];
pub const WIRE_CRATES: &[&str] = &[
    "tonic",
    "tonic_prost",
    "tonic_types",
    "prost",
    "prost_reflect",
];
pub const IMPURE_CRATES: &[&str] = &[
    "sqlx",
    "tonic",
    "tonic_prost",
    "tonic_types",
    "tonic_health",
    "tonic_reflection",
    "prost",
    "prost_reflect",
    "tokio",
    "tokio_stream",
    "tokio_rustls",
    "futures_util",
    "hyper_util",
    "tower",
    "http",
    "clap",
];
pub const IMPURE_STD: &[&str] = &["fs", "net", "process", "env", "thread"];

/// Constructors of `tonic::Status`, and the variants of `tonic::Code`: domain types may well be
/// called `Status` and `Code` too.
pub const STATUS_MAKERS: &[&str] = &[
    "ok",
    "cancelled",
    "unknown",
    "invalid_argument",
    "deadline_exceeded",
    "not_found",
    "already_exists",
    "permission_denied",
    "resource_exhausted",
    "failed_precondition",
    "aborted",
    "out_of_range",
    "unimplemented",
    "internal",
    "unavailable",
    "data_loss",
    "unauthenticated",
    "with_details",
    "with_metadata",
    "with_details_and_metadata",
    "with_error_details",
    "with_error_details_vec",
    "from_error",
];
pub const CODES: &[&str] = &[
    "Ok",
    "Cancelled",
    "Unknown",
    "InvalidArgument",
    "DeadlineExceeded",
    "NotFound",
    "AlreadyExists",
    "PermissionDenied",
    "ResourceExhausted",
    "FailedPrecondition",
    "Aborted",
    "OutOfRange",
    "Unimplemented",
    "Internal",
    "Unavailable",
    "DataLoss",
    "Unauthenticated",
];
pub const SQL_WORDS: &[&str] = &[
    "SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "CREATE", "ALTER", "DROP", "PRAGMA",
];
