//! JSON Schemas that a tenant has put on its event types.
//!
//! A schema comes from a tenant and must not be able to hold up a process or bring it down: nothing is ever fetched, patterns
//! are matched in linear time, and what references lead to has a limit. So references to other documents, lookaround and
//! back references in patterns, and schemas that fan out too far are refused when they are set.

mod extent;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use fanfare_domain::event_type::EventType;
use fanfare_domain::ids::TenantNumber;
use fanfare_domain::tenant::EventTypeEntry;
use jsonschema::{PatternOptions, Validator};
use serde_json::Value;
use serde_json::value::RawValue;

/// Largest schema, in bytes of its text.
pub const LARGEST_SCHEMA: usize = 64 * 1024;
/// Compiled schemas that are kept.
const KEPT: usize = 512;
/// Largest pattern, in bytes of what it is compiled to.
const LARGEST_PATTERN: usize = 1 << 20;
/// Largest that all patterns of a schema may become together.
const LARGEST_PATTERNS: usize = 4 << 20;
const LONGEST_DETAIL: usize = 400;
/// Stack for following a schema that goes in circles through the deepest data.
const RECURSIVE_STACK: usize = 64 << 20;

/// Why a text is no schema that can be enforced.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// Its text is larger than [`LARGEST_SCHEMA`].
    #[error("a schema has at most {LARGEST_SCHEMA} bytes, not {0}")]
    TooLarge(usize),
    /// It is not JSON, or not JSON that can be held exactly.
    #[error("not JSON: {0}")]
    NotJson(String),
    /// It is no valid schema, or uses what is not supported.
    #[error("not a JSON Schema that can be enforced: {0}")]
    NotASchema(String),
}

/// Checks that `text` is a JSON Schema (2020-12, unless `$schema` names an earlier draft) that can be enforced.
///
/// # Errors
/// [`SchemaError`] says why not.
pub fn check_schema(text: &str) -> Result<(), SchemaError> {
    compile(text).map(drop)
}

/// Why an example does not go with its type's schema, in words that do not repeat it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ExampleError(String);

/// Checks that canonical `example` satisfies `schema`, as an event of type `name` will have to.
///
/// # Errors
/// [`ExampleError`] says what is wrong.
pub fn check_example(name: &EventType, schema: &str, example: &[u8]) -> Result<(), ExampleError> {
    let checked = compile(schema).map_err(|error| error.to_string()).and_then(|rules| rules.judge(name, example));
    checked.map_err(ExampleError)
}

fn compile(text: &str) -> Result<Rules, SchemaError> {
    if text.len() > LARGEST_SCHEMA {
        return Err(SchemaError::TooLarge(text.len()));
    }
    let schema = serde_json::from_str(text).map_err(|error| SchemaError::NotJson(error.to_string()))?;
    let extent = extent::measure(&schema).map_err(|error| SchemaError::NotASchema(shortened(&error.to_string())))?;
    let validator = jsonschema::options()
        .offline()
        .with_pattern_options(PatternOptions::regex().size_limit(largest_pattern(&schema)))
        .build(&schema)
        .map_err(|error| SchemaError::NotASchema(shortened(&error.to_string())))?;
    Ok(Rules { validator, recursive: extent.recursive })
}

/// How large each pattern of `schema` may be: each is held to it alone, and there can be thousands.
fn largest_pattern(schema: &Value) -> usize {
    LARGEST_PATTERN.min(LARGEST_PATTERNS / patterns(schema).max(1))
}

/// How many patterns there are in `schema`, at most: everything in it is taken for a schema.
fn patterns(schema: &Value) -> usize {
    match schema {
        Value::Object(members) => {
            let own = |(name, inner): (&String, &Value)| match (name.as_str(), inner) {
                ("pattern", Value::String(_)) => 1,
                ("patternProperties", Value::Object(named)) => named.len(),
                _ => 0,
            };
            members.iter().map(own).sum::<usize>() + members.values().map(patterns).sum::<usize>()
        }
        Value::Array(elements) => elements.iter().map(patterns).sum(),
        _ => 0,
    }
}

/// A schema, ready to be enforced.
struct Rules {
    validator: Validator,
    recursive: bool,
}

impl Rules {
    /// What is wrong with canonical `data` under the schema of `name`, in words that do not repeat it.
    fn judge(&self, name: &EventType, data: &[u8]) -> Result<(), String> {
        let value =
            value_of(data).map_err(|error| format!("cannot be checked against the schema of {name}: {error}"))?;
        match self.fault(&value) {
            None => Ok(()),
            Some(fault) => Err(shortened(&format!("does not satisfy the schema of {name}{fault}"))),
        }
    }

    /// What is wrong with `value`, if anything is; the text may be empty.
    fn fault(&self, value: &Value) -> Option<String> {
        if self.recursive {
            // The check that can tell where the fault is does not remember what it has seen, and would not come to an end
            // where a schema goes in circles and branches; this one does.
            return (!self.holds_deeply(value)).then(String::new);
        }
        let fault = self.validator.validate(value).err()?;
        Some(format!(" at {:?}: {}", fault.instance_path().as_str(), fault.masked()))
    }

    /// Checks on a stack that is deep enough. Without a thread for that, nothing can be said to satisfy the schema.
    fn holds_deeply(&self, value: &Value) -> bool {
        std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().stack_size(RECURSIVE_STACK);
            let checking = thread.spawn_scoped(scope, || self.validator.is_valid(value));
            checking.ok().and_then(|checking| checking.join().ok()).unwrap_or(false)
        })
    }
}

/// Schemas, compiled when they are first needed.
#[derive(Default)]
pub(crate) struct Schemas {
    compiled: Mutex<HashMap<(TenantNumber, EventType), Compiled>>,
}

#[derive(Clone)]
struct Compiled {
    /// What it was compiled from: a type that is deleted and made again counts its versions anew.
    text: Arc<str>,
    rules: Arc<Rules>,
}

impl Schemas {
    /// Checks canonical `data` against the schema of `entry`, if it has one.
    ///
    /// Data that cannot be held exactly (a lone surrogate, a number beyond what a double holds) does not satisfy any
    /// schema, since it cannot be checked.
    ///
    /// # Errors
    /// What is wrong with the data, in words that do not repeat it.
    pub(crate) fn enforce(&self, entry: &EventTypeEntry, data: &[u8]) -> Result<(), String> {
        let Some(text) = &entry.schema else { return Ok(()) };
        let name = &entry.name;
        let rules = self.rules(entry, text).map_err(|error| format!("schema of {name}: {error}"))?;
        rules.judge(name, data)
    }

    fn rules(&self, entry: &EventTypeEntry, text: &Arc<str>) -> Result<Arc<Rules>, SchemaError> {
        let key = (entry.tenant, entry.name.clone());
        let kept = self.compiled.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some(kept) = kept
            && (Arc::ptr_eq(&kept.text, text) || kept.text == *text)
        {
            return Ok(kept.rules);
        }
        let rules = Arc::new(compile(text)?);
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        if compiled.len() >= KEPT
            && !compiled.contains_key(&key)
            && let Some(any) = compiled.keys().next().cloned()
        {
            compiled.remove(&any);
        }
        compiled.insert(key, Compiled { text: Arc::clone(text), rules: Arc::clone(&rules) });
        Ok(rules)
    }
}

/// Parses canonical JSON. `serde_json` gives up at 128 levels where we take 128, so the outermost one is read apart.
fn value_of(data: &[u8]) -> Result<Value, serde_json::Error> {
    match data.first() {
        Some(b'{') => {
            let members: BTreeMap<String, &RawValue> = serde_json::from_slice(data)?;
            members.into_iter().map(|(name, raw)| Ok((name, serde_json::from_str::<Value>(raw.get())?))).collect()
        }
        Some(b'[') => {
            let elements: Vec<&RawValue> = serde_json::from_slice(data)?;
            elements.into_iter().map(|raw| serde_json::from_str::<Value>(raw.get())).collect()
        }
        _ => serde_json::from_slice(data),
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST_DETAIL) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
