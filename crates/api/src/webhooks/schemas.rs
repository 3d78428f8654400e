//! Descriptions that differ from those of a new webhook's settings: of what answers show, and of merge patches.

use std::borrow::Cow;

use utoipa::openapi::schema::{AdditionalProperties, Object, ObjectBuilder, OneOfBuilder, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::settings::{Auth, Disable, RateLimit, Retry, Settings};

type Schemas = Vec<(String, RefOr<Schema>)>;

/// A webhook's settings, as part of an answer.
pub(super) struct ShownSettings;

impl PartialSchema for ShownSettings {
    fn schema() -> RefOr<Schema> {
        described::<Settings>(|object| {
            // It is a part: what stands beside it is no member too many.
            object.additional_properties = None;
            object.description = Some("How a webhook is set; `null` is not set.".to_owned());
        })
    }
}

impl ToSchema for ShownSettings {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("WebhookSettings")
    }

    fn schemas(schemas: &mut Schemas) {
        Settings::schemas(schemas);
    }
}

/// A merge patch of a webhook's settings.
pub(super) struct WebhookPatch;

impl PartialSchema for WebhookPatch {
    fn schema() -> RefOr<Schema> {
        described::<Settings>(|object| {
            object.required.clear();
            object.description = Some("What changes; `null` takes a member back to its default.".to_owned());
            object.properties.remove("secret");
            for name in ["headers", "metadata"] {
                object.properties.insert(name.to_owned(), nullable(texts().into()));
            }
            object.properties.insert("auth".to_owned(), nullable(part::<Auth>()));
            object.properties.insert("retry".to_owned(), nullable(part::<Retry>()));
            object.properties.insert("rate_limit".to_owned(), nullable(part::<RateLimit>()));
            object.properties.insert("disable".to_owned(), nullable(part::<Disable>()));
        })
    }
}

impl ToSchema for WebhookPatch {
    fn schemas(schemas: &mut Schemas) {
        Settings::schemas(schemas);
    }
}

fn described<T: PartialSchema>(change: impl FnOnce(&mut Object)) -> RefOr<Schema> {
    let mut schema = T::schema();
    if let RefOr::T(Schema::Object(object)) = &mut schema {
        change(object);
    }
    schema
}

/// The same without required members: they may be there already.
fn part<T: PartialSchema>() -> RefOr<Schema> {
    described::<T>(|object| object.required.clear())
}

fn nullable(schema: RefOr<Schema>) -> RefOr<Schema> {
    let null = ObjectBuilder::new().schema_type(Type::Null);
    OneOfBuilder::new().item(schema).item(null).into()
}

/// Texts by name; `null` removes one.
fn texts() -> Object {
    let text = ObjectBuilder::new().schema_type(SchemaType::from_iter([Type::String, Type::Null])).build();
    let mut texts = Object::new();
    texts.additional_properties = Some(Box::new(AdditionalProperties::RefOr(text.into())));
    texts
}
