//! Subjects and their newest events.

use fanfare_domain::ids::TenantNumber;
use fanfare_ports::store::{Page, PageRequest, StoreError, SubjectRow};
use sqlx::types::Uuid;
use sqlx::{PgPool, Postgres, QueryBuilder};

use crate::failure::failure;
use crate::rows::cursor::{List, page};
use crate::rows::event::{EventRecord, event_columns, of_living_tenant, with_delivered};
use crate::rows::text::unescape;
use crate::rows::{page_size, tenant_column};
use crate::undelivered::{Minutes, within_minute};

#[derive(sqlx::FromRow)]
struct SubjectRecord {
    subject_key: Uuid,
    subject_text: String,
    newest_at: i64,
    #[sqlx(flatten)]
    newest: EventRecord,
}

impl SubjectRecord {
    fn read(self) -> Result<SubjectRow, StoreError> {
        Ok(SubjectRow { subject: unescape(self.subject_text), newest: self.newest.read()? })
    }
}

pub(super) async fn list(
    pool: &PgPool,
    tenant: TenantNumber,
    delivered: Option<bool>,
    request: &PageRequest,
) -> Result<Page<SubjectRow>, StoreError> {
    let limit = page_size(request.limit);
    let after = List::Subjects.read(request.after.as_ref(), |text| Uuid::parse_str(text).ok());
    let rows: Vec<SubjectRecord> = if delivered == Some(false) {
        let query = |asked, limit| select(asked, within_minute!("n"), tenant, delivered, after, limit);
        Minutes::left(tenant, None, None, after.map(|(time, _)| time))
            .rows(pool, limit + 1, "newest_at DESC, subject_key DESC", query)
            .await?
    } else {
        let mut query = select(QueryBuilder::new(""), "", tenant, delivered, after, limit + 1);
        query.build_query_as().fetch_all(pool).await.map_err(failure)?
    };
    let found = page(rows, limit, |row| List::Subjects.after(row.newest_at, row.subject_key));
    let rows = found.rows.into_iter().map(SubjectRecord::read).collect::<Result<_, _>>()?;
    Ok(Page { rows, next: found.next })
}

/// The first `limit` subjects that come after `after`, with their newest events.
fn select(
    mut query: QueryBuilder<Postgres>,
    within: &'static str,
    tenant: TenantNumber,
    delivered: Option<bool>,
    after: Option<(i64, Uuid)>,
    limit: usize,
) -> QueryBuilder<Postgres> {
    query.push(concat!(
        "SELECT n.subject_key, n.subject AS subject_text, n.accepted_at AS newest_at, ",
        event_columns!(),
        " FROM subjects n JOIN events e ON e.tenant = n.tenant AND e.id = n.event AND e.day = n.day",
        with_delivered!(),
        "WHERE n.tenant = "
    ));
    query.push_bind(tenant_column(tenant)).push(of_living_tenant!()).push(within);
    if let Some((time, key)) = after {
        query.push(" AND (n.accepted_at, n.subject_key) < (").push_bind(time).push(", ").push_bind(key).push(")");
    }
    if let Some(delivered) = delivered {
        query.push(" AND s.delivered = ").push_bind(delivered);
    }
    query.push(" ORDER BY n.accepted_at DESC, n.subject_key DESC LIMIT ").push_bind(limit as i64);
    query
}
