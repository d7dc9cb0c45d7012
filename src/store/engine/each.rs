//! Looking up many values at once, each by itself.
//!
//! PostgreSQL plans a prepared statement once, for any list: it takes a list for ten values long, and
//! two lists for a hundred lookups. Of a table that nobody has analysed yet it believes that a region
//! is one row in two hundred, and would rather read all of it than look up ten children: in every
//! batch, and each time more. Asked for one value at a time it has no such choice.

use super::{Tx, TxArm};

impl Tx {
    /// What `select` (which ends in its condition) gives where `columns` equal, place by place, the lists
    /// bound from `$n` on by [`Query::bind_list`](super::Query::bind_list). `order` is empty, or the
    /// order within one place by the further columns of the index that is meant.
    ///
    /// SQLite searches an index by as many columns as it can; it may also give rows that mix the places
    /// of the lists.
    pub fn each(&self, select: &str, columns: &[&str], n: u32, order: &str) -> String {
        let listed = |of: &dyn Fn(u32, &str) -> String, by: &str| {
            let parts: Vec<String> = (n..).zip(columns).map(|(n, &c)| of(n, c)).collect();
            parts.join(by)
        };
        match &self.arm {
            TxArm::Sqlite(_) => {
                let among = listed(&|n, column| self.among(column, n), " AND ");
                format!("{select} AND {among} {order}")
            }
            TxArm::Postgres(_) => {
                let lists = listed(&|n, _| format!("${n}::text[]"), ", ");
                let values = listed(&|n, _| format!("v{n}"), ", ");
                let equal = listed(&|n, column| format!("{column} = asked.v{n}"), " AND ");
                // The offset keeps the planner from making a join of it, with the choice it has there.
                format!(
                    "SELECT found.* \
                     FROM (SELECT DISTINCT * FROM UNNEST({lists}) AS l ({values})) AS asked \
                     CROSS JOIN LATERAL ({select} AND {equal} {order} OFFSET 0) AS found"
                )
            }
        }
    }
}
