//! Counting what became of deliveries, in the transaction that writes them.

use std::fmt::Write;
use std::sync::LazyLock;

use fanfare_ports::store::outcomes::{Additions, Counts, ResponseTimes};
use sqlx::{AssertSqlSafe, PgConnection};

use super::attempts::{New, duration_ms};
use super::batch::Batch;
use crate::rows::tenant_column;

/// Sums are written out for each step: a query within the statement takes half as long again for a row. Without attempts they stay.
static ADD: LazyLock<String> = LazyLock::new(|| {
    let sum = |step: usize| format!("o.response_times[{step}] + excluded.response_times[{step}]");
    let sums: Vec<String> = (1..=ResponseTimes::STEPS).map(sum).collect();
    format!(
        "INSERT INTO outcomes AS o (tenant, span, start, deliveries, ended, delivered, failed, attempts, failed_attempts, \
         response_times) \
         SELECT tenant, span, start, deliveries, ended, delivered, failed, attempts, failed_attempts, times::bigint[] \
         FROM UNNEST($1::integer[], $2::integer[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], \
         $8::bigint[], $9::bigint[], $10::text[]) \
         AS n (tenant, span, start, deliveries, ended, delivered, failed, attempts, failed_attempts, times) \
         ON CONFLICT (tenant, span, start) DO UPDATE SET \
         deliveries = o.deliveries + excluded.deliveries, ended = o.ended + excluded.ended, \
         delivered = o.delivered + excluded.delivered, failed = o.failed + excluded.failed, \
         attempts = o.attempts + excluded.attempts, failed_attempts = o.failed_attempts + excluded.failed_attempts, \
         response_times = CASE WHEN excluded.attempts = 0 THEN o.response_times ELSE ARRAY[{}] END",
        sums.join(", ")
    )
});

/// Adds the batch's new attempts to what is known of its deliveries.
pub(super) fn add_attempts(additions: &mut Additions, batch: &Batch<'_>, new: &New) {
    for (key, (attempted, attempt)) in &batch.attempts {
        if !attempted.late && new.contains(key) {
            let tenant = attempted.delivery.tenant;
            additions.add_attempt(tenant, attempt.started, attempt.succeeded(), duration_ms(attempt));
        }
    }
}

/// Adds to the counts, in the order of their keys.
pub(super) async fn write(connection: &mut PgConnection, additions: &Additions) -> Result<(), sqlx::Error> {
    if additions.is_empty() {
        return Ok(());
    }
    let column = |value: fn(&Counts) -> u64| {
        additions.iter().map(|(.., counts)| value(counts).cast_signed()).collect::<Vec<i64>>()
    };
    sqlx::query(AssertSqlSafe(ADD.as_str()))
        .bind(additions.iter().map(|(tenant, ..)| tenant_column(tenant)).collect::<Vec<i32>>())
        .bind(additions.iter().map(|(_, span, ..)| span.seconds().cast_signed()).collect::<Vec<i32>>())
        .bind(additions.iter().map(|(_, _, start, _)| start.as_millis()).collect::<Vec<i64>>())
        .bind(column(|counts| counts.deliveries))
        .bind(column(|counts| counts.ended))
        .bind(column(|counts| counts.delivered))
        .bind(column(|counts| counts.failed))
        .bind(column(|counts| counts.attempts))
        .bind(column(|counts| counts.failed_attempts))
        .bind(additions.iter().map(|(.., counts)| array(counts.response_times.counts())).collect::<Vec<String>>())
        .execute(connection)
        .await?;
    Ok(())
}

/// An array as Postgres reads it: `UNNEST` takes arrays of arrays apart altogether.
fn array(numbers: &[u64]) -> String {
    let mut text = String::from("{");
    for (place, number) in numbers.iter().enumerate() {
        // Writing to a string cannot fail.
        let _ = write!(text, "{}{number}", if place == 0 { "" } else { "," });
    }
    text.push('}');
    text
}
