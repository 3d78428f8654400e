//! A type's other names. An alias may be a described type itself, whose own schema then counts; it cannot be an alias of
//! two types, since it would be open whose schema counts.

use fanfare_domain::event_type::EventType;
use fanfare_domain::ids::TenantNumber;
use fanfare_ports::store::PageRequest;

use crate::context::Context;
use crate::problem::{FieldProblems, Problem};

const MOST_ALIASES: usize = 50;
const PAGE: u32 = 200;

/// Reads aliases and notes those that cannot be.
pub(super) fn check(name: &EventType, given: Vec<String>, problems: &mut FieldProblems) -> Vec<EventType> {
    if given.len() > MOST_ALIASES {
        problems.add("/aliases", format!("there may be at most {MOST_ALIASES}, not {}", given.len()));
        return Vec::new();
    }
    let mut aliases = Vec::with_capacity(given.len());
    for (place, text) in given.into_iter().enumerate() {
        let pointer = format!("/aliases/{place}");
        let Some(alias) = problems.take(&pointer, EventType::new(&text)) else { continue };
        if alias.is_reserved() {
            problems.add(&pointer, "webhook.* and fanfare.* are reserved");
        } else if alias == *name {
            problems.add(&pointer, "is the type's own name");
        } else if aliases.contains(&alias) {
            problems.add(&pointer, "is in the list already");
        } else {
            aliases.push(alias);
        }
    }
    aliases
}

/// Refuses aliases that another described type has already.
pub(super) async fn refuse_taken(
    context: &Context,
    tenant: TenantNumber,
    name: &EventType,
    aliases: &[EventType],
) -> Result<(), Problem> {
    let mut after = None;
    loop {
        let page = context.registry.event_types(tenant, PageRequest { limit: PAGE, after }).await?;
        for other in page.rows.iter().filter(|other| other.name != *name) {
            if let Some(alias) = aliases.iter().find(|alias| other.aliases.contains(alias)) {
                let detail = format!("{alias} is an alias of {} already; remove it there first", other.name);
                return Err(Problem::conflict(detail));
            }
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(()),
        }
    }
}
