//! The description of what is served, made of the code that serves it.

use std::sync::LazyLock;

use http::header;
use utoipa::OpenApi;
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn};
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{ComponentsBuilder, Content, OpenApi as Document, PathItem, Ref, RefOr, Required};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::context::Shared;
use crate::problem::{FieldProblem, MEDIA_TYPE, Problem};
use crate::{
    api_keys, audit, deliveries, event_types, events, live, portal_links, profiles, replays, sessions, stats, subjects,
    tenants, webhooks,
};

const KEY: &str = "api_key";
const SESSION: &str = "session";
/// Signing in and out.
const SESSIONS: &str = "/v1/session";
/// What no tenant is named for.
const WITHOUT_TENANT: [&str; 4] = ["Tenants", "API keys", "Audit", "Sessions"];

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Fanfare",
        description = "Webhook delivery: publish events, and have them delivered, signed and retried.\n\nEvery request carries \
            `Authorization: Bearer <api key>`. A tenant's key names its tenant; an operator's key names it by the header \
            `Fanfare-Tenant`. Errors are RFC 9457 problems. Times are RFC 3339, UTC, with three decimals. Lists are newest \
            first. What a list or a count says lags what happened by at most 1 s.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    components(schemas(Problem, FieldProblem)),
    tags(
        (name = "Events", description = "What publishers told"),
        (name = "Webhooks", description = "Where events go"),
        (name = "Deliveries", description = "What came of it"),
        (name = "Replays", description = "Sending past events once more"),
        (name = "Event types", description = "What types mean, their schemas and other names"),
        (name = "Statistics", description = "What became of deliveries over time"),
        (name = "Tenants", description = "Whose events and webhooks these are; for operators"),
        (name = "API keys", description = "Who may do what; for operators"),
        (name = "Audit", description = "Who changed what; for operators"),
        (name = "Sessions", description = "Signing in to the dashboard and to portals"),
        (name = "About", description = "This description"),
    ),
)]
struct Base;

static DOCUMENT: LazyLock<String> = LazyLock::new(|| {
    let mut document = routes().into_openapi();
    complete(&mut document);
    // Strings, numbers and maps with text keys alone, so it cannot fail.
    document.to_pretty_json().unwrap_or_default()
});

/// The OpenAPI document of the REST service, as JSON.
#[must_use]
pub fn openapi() -> String {
    DOCUMENT.clone()
}

/// All routes.
pub(crate) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::with_openapi(Base::openapi())
        .merge(events::routes())
        .merge(subjects::routes())
        .merge(webhooks::routes())
        .merge(deliveries::routes())
        .merge(replays::routes())
        .merge(event_types::routes())
        .merge(profiles::routes())
        .merge(stats::routes())
        .merge(live::routes())
        .merge(tenants::routes())
        .merge(portal_links::routes())
        .merge(api_keys::routes())
        .merge(audit::routes())
        .merge(sessions::routes())
        .routes(routes!(get_openapi))
}

/// This description
///
/// Open to everybody.
#[utoipa::path(get, path = "/openapi.json", tag = "About",
    responses((status = 200, description = "The OpenAPI document", body = Object)))]
async fn get_openapi() -> ([(header::HeaderName, &'static str); 1], &'static str) {
    ([(header::CONTENT_TYPE, "application/json")], &DOCUMENT)
}

/// Adds what holds for all operations alike: the key, the tenant's header, and the problems that may come back.
fn complete(document: &mut Document) {
    let components = document.components.take().unwrap_or_else(|| ComponentsBuilder::new().build());
    let mut components = ComponentsBuilder::from(components)
        .security_scheme(KEY, SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build()))
        .security_scheme(SESSION, SecurityScheme::ApiKey(ApiKey::Cookie(session_cookie())));
    for (name, _, description) in PROBLEMS {
        components = components.response(name, problem(description));
    }
    document.components = Some(components.build());
    for (path, item) in &mut document.paths.paths {
        for (operation, changes) in operations(item) {
            if path.starts_with("/v1/") {
                complete_operation(path, operation, changes);
            }
        }
    }
}

/// An item's operations, and whether each changes something.
fn operations(item: &mut PathItem) -> impl Iterator<Item = (&mut Operation, bool)> {
    let reading = item.get.iter_mut().map(|operation| (operation, false));
    let changing = [&mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
    reading.chain(changing.into_iter().flatten().map(|operation| (operation, true)))
}

fn session_cookie() -> ApiKeyValue {
    ApiKeyValue::with_description(
        "fanfare_dashboard",
        "Who has signed in to the dashboard (`fanfare_portal`: to a portal). It counts only together with the header \
         `Fanfare-Session`, `dashboard` or `portal`.",
    )
}

/// Name, status, description.
const PROBLEMS: [(&str, &str, &str); 9] = [
    ("BadRequest", "400", "Something in the request is wrong; `errors` points to it"),
    ("Unauthorized", "401", "There is no key, or nobody has it"),
    ("Forbidden", "403", "The key may not do this"),
    ("NotFound", "404", "There is no such thing, or it is another tenant's"),
    ("Conflict", "409", "What there is does not allow it"),
    ("TooLarge", "413", "The body or the event's data is over the limit"),
    ("NotJson", "415", "The body does not say that it is JSON"),
    ("OverQuota", "429", "The tenant publishes more than its quota; `Retry-After` says when to go on"),
    ("Unavailable", "503", "Something that this needs is away; try again"),
];

fn problem(description: &str) -> Response {
    let content = Content::new(Some(Ref::from_schema_name("Problem")));
    ResponseBuilder::new().description(description).content(MEDIA_TYPE, content).build()
}

fn complete_operation(path: &str, operation: &mut Operation, changes: bool) {
    let signs_in = path == SESSIONS && operation.request_body.is_some();
    let schemes: &[&str] = if signs_in {
        &[]
    } else if path == SESSIONS {
        &[SESSION]
    } else {
        &[KEY, SESSION]
    };
    let requirement = |scheme: &&str| SecurityRequirement::new::<_, [&str; 0], &str>(*scheme, []);
    operation.security = Some(schemes.iter().map(requirement).collect());
    let without_tenant = operation.tags.iter().flatten().any(|tag| WITHOUT_TENANT.contains(&tag.as_str()));
    if !without_tenant {
        let header = ParameterBuilder::new()
            .name("Fanfare-Tenant")
            .parameter_in(ParameterIn::Header)
            .required(Required::False)
            .description(Some("The tenant; required with an operator's key"))
            .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
            .build();
        operation.parameters.get_or_insert_default().push(header.into());
    }
    let publishes = operation.operation_id.as_deref() == Some("publish_event");
    for response in operation.responses.responses.values_mut() {
        if let RefOr::T(response) = response
            && response.description.is_empty()
        {
            response.description = "What was asked for".to_owned();
        }
    }
    for (name, status, _) in PROBLEMS {
        let possible = match status {
            "404" => path.contains('{') || !without_tenant,
            "409" => changes && !publishes,
            "413" | "415" => operation.request_body.is_some(),
            "429" => publishes,
            _ => true,
        };
        if possible {
            let response = RefOr::Ref(Ref::from_response_name(name));
            operation.responses.responses.entry(status.to_owned()).or_insert(response);
        }
    }
}
