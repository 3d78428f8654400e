//! How much work a schema can make, told from its text: a small one can ask for more than any machine can do, by references
//! that fan out, and for more stack than there is, by references that go in circles.

use std::collections::HashMap;

use serde_json::Value;

/// Most schemas and values in it, each counted as often as references lead there.
const LARGEST: u64 = 10_000;
/// Most levels, with what references lead to.
const DEEPEST: usize = 96;

/// A schema that is small enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extent {
    /// Whether references go in circles: then data of any depth is followed.
    pub(super) recursive: bool,
}

/// Why a schema is not enforced.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ExtentError {
    #[error("with all references followed it has more than {LARGEST} parts")]
    TooLarge,
    #[error("with all references followed it has more than {DEEPEST} levels")]
    TooDeep,
    #[error("reference {0:?} is not supported: references are \"#\" or \"#/…\" to a place in the same schema")]
    Reference(String),
    #[error("{0} is not supported; use $ref to a place in the same schema")]
    Keyword(&'static str),
}

/// Measures `schema`.
///
/// Everything in it is taken for a schema, samples and constants too: what is measured may be too much, never too little.
pub(super) fn measure(schema: &Value) -> Result<Extent, ExtentError> {
    let dialect = schema.get("$schema").and_then(Value::as_str).unwrap_or_default();
    let id = if dialect.contains("draft-04") { "id" } else { "$id" };
    let mut measure = Measure { root: schema, id, targets: HashMap::new(), recursive: false };
    let size = measure.target("#", 0)?;
    if size.parts > LARGEST {
        return Err(ExtentError::TooLarge);
    }
    if size.levels > DEEPEST {
        return Err(ExtentError::TooDeep);
    }
    Ok(Extent { recursive: measure.recursive })
}

#[derive(Clone, Copy, Default)]
struct Size {
    parts: u64,
    levels: usize,
}

impl Size {
    fn add(&mut self, inner: Self) {
        self.parts = self.parts.saturating_add(inner.parts);
        self.levels = self.levels.max(inner.levels + 1);
    }
}

struct Measure<'a> {
    root: &'a Value,
    /// The keyword that gives a schema an address of its own.
    id: &'static str,
    /// What references lead to; `None` while it is being measured.
    targets: HashMap<&'a str, Option<Size>>,
    recursive: bool,
}

impl<'a> Measure<'a> {
    fn target(&mut self, reference: &'a str, depth: usize) -> Result<Size, ExtentError> {
        match self.targets.get(reference) {
            Some(Some(known)) => return Ok(*known),
            Some(None) => {
                self.recursive = true;
                return Ok(Size { parts: 1, levels: 1 });
            }
            None => {}
        }
        let unsupported = || ExtentError::Reference(reference.to_owned());
        let pointer = reference.strip_prefix('#').ok_or_else(unsupported)?;
        // Encoded characters would give a place several names.
        if pointer.contains('%') {
            return Err(unsupported());
        }
        let node = self.root.pointer(pointer).ok_or_else(unsupported)?;
        self.targets.insert(reference, None);
        let size = self.size(node, depth)?;
        self.targets.insert(reference, Some(size));
        Ok(size)
    }

    fn size(&mut self, node: &'a Value, depth: usize) -> Result<Size, ExtentError> {
        if depth > DEEPEST {
            return Err(ExtentError::TooDeep);
        }
        let mut size = Size { parts: 1, levels: 1 };
        match node {
            Value::Object(members) => {
                for (name, inner) in members {
                    size.add(self.member(name, inner, node, depth + 1)?);
                }
            }
            Value::Array(elements) => {
                for inner in elements {
                    size.add(self.size(inner, depth + 1)?);
                }
            }
            _ => {}
        }
        Ok(size)
    }

    fn member(&mut self, name: &str, inner: &'a Value, outer: &Value, depth: usize) -> Result<Size, ExtentError> {
        // A property may be called like a keyword; its value is then no text.
        let Value::String(text) = inner else { return self.size(inner, depth) };
        match name {
            "$ref" => self.target(text, depth),
            "$dynamicRef" => Err(ExtentError::Keyword("$dynamicRef")),
            "$recursiveRef" => Err(ExtentError::Keyword("$recursiveRef")),
            _ if name == self.id && !std::ptr::eq(outer, self.root) => {
                Err(ExtentError::Keyword("an id of an inner schema"))
            }
            _ => Ok(Size { parts: 1, levels: 1 }),
        }
    }
}
