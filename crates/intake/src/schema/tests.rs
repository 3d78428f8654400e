use fanfare_domain::time::Timestamp;

use super::*;

fn entry(schema: &str) -> EventTypeEntry {
    EventTypeEntry {
        tenant: TenantNumber::new(1),
        name: EventType::new("order.paid").expect("valid"),
        version: 1,
        description: String::new(),
        schema: Some(schema.into()),
        example: None,
        aliases: Vec::new(),
        deprecated: false,
        created_at: Timestamp::from_millis(0),
    }
}

fn enforced(schema: &str, data: &str) -> Result<(), String> {
    Schemas::default().enforce(&entry(schema), data.as_bytes())
}

#[test]
fn data_is_held_to_its_schema_and_not_repeated_in_the_error() {
    let schema = r#"{"type": "object", "properties": {"amount": {"type": "integer"}}, "required": ["amount"]}"#;
    assert_eq!(enforced(schema, r#"{"amount":5}"#), Ok(()));
    let error = enforced(schema, r#"{"amount":"4111-1111"}"#).expect_err("not an integer");
    assert!(error.contains("/amount") && error.contains("order.paid"), "{error}");
    assert!(!error.contains("4111"), "{error}");
    assert!(enforced(schema, "{}").is_err());
}

#[test]
fn a_changed_schema_holds_even_under_the_same_version() {
    let schemas = Schemas::default();
    assert_eq!(schemas.enforce(&entry(r#"{"type": "string"}"#), b"\"a\""), Ok(()));
    assert!(schemas.enforce(&entry(r#"{"type": "number"}"#), b"\"a\"").is_err());
    assert_eq!(schemas.compiled.lock().expect("not poisoned").len(), 1);
}

#[test]
fn no_more_schemas_are_kept_than_allowed() {
    let schemas = Schemas::default();
    for number in 0..=KEPT {
        let mut entry = entry("true");
        entry.tenant = TenantNumber::new(u32::try_from(number).expect("few"));
        assert_eq!(schemas.enforce(&entry, b"1"), Ok(()));
    }
    assert_eq!(schemas.compiled.lock().expect("not poisoned").len(), KEPT);
}

#[test]
fn what_cannot_be_held_exactly_cannot_be_checked() {
    for data in [r#""\ud800""#, "[1e400]", r#"{"a":{"b":"\udc00"}}"#] {
        let error = enforced("true", data).expect_err(data);
        assert!(error.contains("cannot be checked"), "{error}");
    }
}

#[test]
fn data_of_128_levels_can_be_checked() {
    let arrays = "[".repeat(128) + &"]".repeat(128);
    assert_eq!(enforced(r#"{"type": "array"}"#, &arrays), Ok(()));
    let objects = "{\"a\":".repeat(127) + "{}" + &"}".repeat(127);
    assert_eq!(enforced(r#"{"type": "object"}"#, &objects), Ok(()));
}

#[test]
fn schemas_that_refer_to_themselves_end() {
    let tree = r##"{"type": "array", "items": {"$ref": "#"}}"##;
    let deep = "[".repeat(128) + &"]".repeat(128);
    assert_eq!(enforced(tree, &deep), Ok(()));
    assert!(enforced(tree, "[[1]]").is_err());
    for endless in [
        r##"{"$ref": "#"}"##,
        r##"{"allOf": [{"$ref": "#"}]}"##,
        r##"{"not": {"$ref": "#"}}"##,
        r##"{"anyOf": [{"$ref": "#"}, {"$ref": "#"}]}"##,
        r##"{"$defs": {"a": {"allOf": [{"$ref": "#/$defs/b"}]}, "b": {"anyOf": [{"$ref": "#/$defs/a"}]}}, "$ref": "#/$defs/a"}"##,
    ] {
        // Whatever the answer is, there is one.
        let _ = enforced(endless, r#"{"a":1}"#);
        let _ = enforced(endless, &deep);
    }
}

#[test]
fn a_schema_that_branches_at_every_level_of_the_data_ends() {
    let branching = r##"{"items": {"anyOf": [{"allOf": [{"$ref": "#"}, false]}, {"$ref": "#"}]}}"##;
    let deep = "[".repeat(128) + &"]".repeat(128);
    assert_eq!(enforced(branching, &deep), Ok(()));
    let choosing = r##"{"type": "array", "items": {"anyOf": [{"$ref": "#"}, {"allOf": [{"$ref": "#"}]}]}}"##;
    let wrong_inside = "[".repeat(100) + "1" + &"]".repeat(100);
    assert!(enforced(choosing, &wrong_inside).is_err());
}

/// Definitions `s0` to `s{steps}`: each of the first holds `of(reference to the next)`, the last is `last`.
fn chain(steps: usize, of: impl Fn(&str) -> String, last: &str) -> String {
    let mut definitions: Vec<String> = (0..steps)
        .map(|step| format!("\"s{step}\": {}", of(&format!("{{\"$ref\": \"#/$defs/s{}\"}}", step + 1))))
        .collect();
    definitions.push(format!("\"s{steps}\": {last}"));
    format!("{{\"$defs\": {{{}}}, \"$ref\": \"#/$defs/s0\"}}", definitions.join(","))
}

#[test]
fn a_schema_whose_references_fan_out_is_refused() {
    let fan = |next: &str| format!("{{\"anyOf\": [{next}, {next}]}}");
    assert_eq!(check_schema(&chain(5, fan, "{}")), Ok(()));
    assert!(matches!(check_schema(&chain(25, fan, "{}")), Err(SchemaError::NotASchema(_))));
    let circling_fan = chain(25, fan, r##"{"items": {"$ref": "#"}}"##);
    assert!(matches!(check_schema(&circling_fan), Err(SchemaError::NotASchema(_))));
    assert!(matches!(check_schema(&chain(1_000, str::to_owned, "{}")), Err(SchemaError::NotASchema(_))));
}

#[test]
fn the_longest_circle_through_the_deepest_data_does_not_use_up_the_stack() {
    let circle = |steps| chain(steps, |next| format!("{{\"allOf\": [{next}]}}"), r##"{"items": {"$ref": "#"}}"##);
    let longest =
        (1..200).map(circle).take_while(|schema| check_schema(schema).is_ok()).last().expect("some are allowed");
    let deep = "[".repeat(128) + &"]".repeat(128);
    assert_eq!(enforced(&longest, &deep), Ok(()));
}

#[test]
fn what_is_no_schema_or_would_be_fetched_or_is_too_large_is_refused() {
    assert_eq!(check_schema("{}"), Ok(()));
    assert_eq!(check_schema(r#"{"$schema": "http://json-schema.org/draft-07/schema#", "type": "object"}"#), Ok(()));
    assert!(matches!(check_schema("{"), Err(SchemaError::NotJson(_))));
    for bad in [
        r#"{"type": "nonsense"}"#,
        "5",
        r#"{"$ref": "https://example.com/schema.json"}"#,
        r#"{"$ref": "file:///etc/hostname"}"#,
        r##"{"$ref": "#/$defs/missing"}"##,
        r##"{"$r\u0065f": "#/$defs/missing"}"##,
        r##"{"$dynamicAnchor": "x", "allOf": [{"$dynamicRef": "#x"}]}"##,
        r##"{"items": {"$id": "https://example.com/inner", "$ref": "#"}}"##,
        r##"{"$ref": "#/%24defs/a", "$defs": {"a": {}}}"##,
        r#"{"pattern": "(?=a)b"}"#,
        r#"{"pattern": "(a{1000}){1000}"}"#,
    ] {
        assert!(matches!(check_schema(bad), Err(SchemaError::NotASchema(_))), "{bad}");
    }
    let large = format!("{{\"title\": \"{}\"}}", "x".repeat(LARGEST_SCHEMA));
    assert!(matches!(check_schema(&large), Err(SchemaError::TooLarge(_))));
}

#[test]
fn an_example_is_held_to_its_types_schema() {
    let name = EventType::new("order.paid").expect("valid");
    let schema = r#"{"type": "object", "required": ["amount"]}"#;
    assert_eq!(check_example(&name, schema, br#"{"amount":"4111-1111"}"#), Ok(()));
    let error = check_example(&name, schema, br#"["4111-1111"]"#).expect_err("no object").to_string();
    assert!(error.contains("order.paid") && !error.contains("4111"), "{error}");
    assert!(check_example(&name, r#"{"type": "odd"}"#, b"1").is_err());
}

#[test]
fn many_patterns_are_held_to_what_one_may_be() {
    let schema = |count: usize| {
        let names: Vec<String> = (0..count).map(|number| format!(r#""^a{{20{number:03}}}$":true"#)).collect();
        format!(r#"{{"patternProperties":{{{}}}}}"#, names.join(","))
    };
    assert_eq!(check_schema(&schema(1)), Ok(()));
    let refused = check_schema(&schema(40)).expect_err("some 1 MiB each");
    assert!(matches!(&refused, SchemaError::NotASchema(_)), "{refused:?}");
}

#[test]
fn a_schema_may_have_a_hundred_usual_patterns() {
    let usual =
        ["^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$", r"^\\d{4}-\\d{2}-\\d{2}$", "^[a-z0-9-]{1,63}$", "^(open|paid|void)$"];
    let property = |number: usize| format!(r#""p{number}":{{"type":"string","pattern":"{}"}}"#, usual[number % 4]);
    let properties: Vec<String> = (0..100).map(property).collect();
    let schema = format!(r#"{{"properties":{{{}}}}}"#, properties.join(","));
    assert_eq!(check_schema(&schema), Ok(()));
}
