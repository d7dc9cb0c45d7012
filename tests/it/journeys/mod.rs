//! Whole journeys against the real binary, over TLS, as its users run it.

mod example_county;
