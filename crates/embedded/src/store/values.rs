//! Statements that write many rows. A statement costs some 15 µs whatever it does, so rows go together; and they go in a
//! few fixed numbers, so that each text is prepared once.

use sqlx::error::BoxDynError;
use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments, AssertSqlSafe, Encode, Sqlite, Type, query_with};

/// Rows of one statement. The largest times the widest table's columns stays far below SQLite's 32,766 parameters.
const SIZES: [usize; 5] = [128, 32, 8, 2, 1];

/// An `INSERT` of any number of rows.
pub(super) struct Insert {
    /// Up to and with `VALUES`.
    pub(super) head: &'static str,
    /// How many values a row takes.
    pub(super) columns: usize,
    /// A row's text, if it is more than so many parameters.
    pub(super) row: Option<&'static str>,
    /// What follows the rows.
    pub(super) tail: &'static str,
}

/// A statement with its values, ready to run.
pub(super) struct Statement {
    sql: String,
    arguments: SqliteArguments,
}

impl Statement {
    pub(super) fn query(self) -> Query<'static, Sqlite, SqliteArguments> {
        query_with(AssertSqlSafe(self.sql), self.arguments)
    }
}

/// A row's values, in the order of the columns.
pub(super) struct Values<'a>(&'a mut SqliteArguments);

impl Values<'_> {
    pub(super) fn add<T: Encode<'static, Sqlite> + Type<Sqlite>>(&mut self, value: T) -> Result<(), BoxDynError> {
        self.0.add(value)
    }
}

impl Insert {
    /// The statements that write `rows`, whose values `fill` gives.
    ///
    /// # Errors
    /// What `fill` answers for a row that cannot be written.
    pub(super) fn rows<T>(
        &self,
        mut rows: &[T],
        fill: impl Fn(&T, &mut Values<'_>) -> Result<(), BoxDynError>,
    ) -> Result<Vec<Statement>, BoxDynError> {
        let mut statements = Vec::new();
        for size in SIZES {
            while let Some((now, later)) = rows.split_at_checked(size) {
                let mut arguments = SqliteArguments::default();
                arguments.reserve(size * self.columns, 0);
                for row in now {
                    fill(row, &mut Values(&mut arguments))?;
                }
                statements.push(Statement { sql: self.text(size), arguments });
                rows = later;
            }
        }
        Ok(statements)
    }

    fn text(&self, rows: usize) -> String {
        let values = || format!("({})", vec!["?"; self.columns].join(","));
        let row = self.row.map_or_else(values, str::to_owned);
        format!("{} {} {}", self.head, vec![row.as_str(); rows].join(","), self.tail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INSERT: Insert =
        Insert { head: "INSERT INTO t VALUES", columns: 2, row: None, tail: "ON CONFLICT DO NOTHING" };

    #[test]
    fn any_number_of_rows_takes_few_texts() {
        for (count, statements) in [(0, 0), (1, 1), (3, 2), (128, 1), (300, 6)] {
            let rows = vec![7_i64; count];
            let made = INSERT
                .rows(&rows, |row, values| {
                    values.add(*row)?;
                    values.add("x")
                })
                .expect("all can be written");
            assert_eq!(made.len(), statements, "{count} rows");
            assert_eq!(made.iter().map(|one| one.arguments.len()).sum::<usize>(), count * 2);
        }
    }

    #[test]
    fn a_statement_names_each_value_once() {
        assert_eq!(INSERT.text(2), "INSERT INTO t VALUES (?,?),(?,?) ON CONFLICT DO NOTHING");
    }
}
