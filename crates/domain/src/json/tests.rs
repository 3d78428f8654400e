use proptest::prelude::*;
use serde_json::Value;

use super::*;

fn canonical(text: &str) -> Result<String, String> {
    let bytes = canonicalize(text.as_bytes()).map_err(|error| error.to_string())?;
    Ok(String::from_utf8(bytes).expect("UTF-8"))
}

fn check(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        assert_eq!(canonical(text).as_deref(), Ok(*expected), "{text}");
        assert_eq!(canonical(expected).as_deref(), Ok(*expected), "{expected} again");
    }
}

#[test]
fn any_value_may_stand_alone() {
    check(&[
        ("null", "null"),
        (" true\n", "true"),
        ("\tfalse\r\n", "false"),
        ("1", "1"),
        ("\"a\"", "\"a\""),
        ("[ ]", "[]"),
        ("{ }", "{}"),
    ]);
}

#[test]
fn white_space_goes() {
    check(&[(" { \"a\" : [ 1 , { } , [ ] , null ] , \"b c\" : \" \" } ", r#"{"a":[1,{},[],null],"b c":" "}"#)]);
}

#[test]
fn of_duplicates_the_last_value_stands_at_the_first_place() {
    check(&[
        (r#"{"b":1,"a":2,"b":3}"#, r#"{"b":3,"a":2}"#),
        (r#"{"a":1,"\u0061":2}"#, r#"{"a":2}"#),
        (r#"{"a":{"x":1,"x":2},"b":0,"a":{"y":1,"y":[{"z":1,"z":2}]}}"#, r#"{"a":{"y":[{"z":2}]},"b":0}"#),
        (r#"{"\ud83d\ude00":1,"😀":2}"#, r#"{"😀":2}"#),
        (r#"{"":1,"":2}"#, r#"{"":2}"#),
        (r#"{"__proto__":1,"toJSON":2,"__proto__":3}"#, r#"{"__proto__":3,"toJSON":2}"#),
        (
            r#"{"i":0,"h":0,"g":0,"f":0,"e":0,"d":0,"c":0,"b":0,"a":0,"e":1}"#,
            r#"{"i":0,"h":0,"g":0,"f":0,"e":1,"d":0,"c":0,"b":0,"a":0}"#,
        ),
    ]);
}

#[test]
fn array_indices_come_first_in_ascending_order() {
    check(&[
        (r#"{"b":1,"10":2,"9":3,"a":4,"0":5}"#, r#"{"0":5,"9":3,"10":2,"b":1,"a":4}"#),
        (r#"{"x":0,"4294967295":1,"4294967294":2}"#, r#"{"4294967294":2,"x":0,"4294967295":1}"#),
        (
            r#"{"x":0,"01":1,"-1":2,"1.0":3,"1e1":4,"":5," 1":6,"99999999999":7}"#,
            r#"{"x":0,"01":1,"-1":2,"1.0":3,"1e1":4,"":5," 1":6,"99999999999":7}"#,
        ),
        (r#"{"x":0,"\u0031":1,"2":2,"1":3}"#, r#"{"1":3,"2":2,"x":0}"#),
        (r#"{"x":{"1":0,"0":0},"1":{"b":0,"5":0}}"#, r#"{"1":{"5":0,"b":0},"x":{"0":0,"1":0}}"#),
    ]);
}

#[test]
fn only_the_escapes_of_json_stringify_are_written() {
    check(&[
        (r#""\u0022\u005c\/\u002f\b\f\n\r\t""#, r#""\"\\//\b\f\n\r\t""#),
        (r#""\u0008\u000c\u000a\u000d\u0009\u0000\u001F\u007f""#, "\"\\b\\f\\n\\r\\t\\u0000\\u001f\u{7f}\""),
        (r#""\u00e9\u20AC\u2028\u2029\uFEFF\ud83D\uDE00""#, "\"é€\u{2028}\u{2029}\u{feff}😀\""),
        ("\"\u{7f}\u{80}é\u{10ffff}\"", "\"\u{7f}\u{80}é\u{10ffff}\""),
    ]);
}

#[test]
fn lone_surrogates_stay_escaped() {
    check(&[
        (r#""\uD800""#, r#""\ud800""#),
        (r#""\uDFFF\uD800""#, r#""\udfff\ud800""#),
        (r#""\uD83D\uD83D\uDE00\uDE00""#, r#""\ud83d😀\ude00""#),
        (r#""\uD83Dx\uDE00""#, r#""\ud83dx\ude00""#),
        (r#""\uD83D\n\uD83D\u0041""#, r#""\ud83d\n\ud83dA""#),
        (r#"{"\uD800":1,"\ud800":2}"#, r#"{"\ud800":2}"#),
    ]);
}

#[test]
fn numbers_are_printed_as_ecmascript_does_if_their_value_stays() {
    check(&[
        ("-74.0060", "-74.006"),
        ("1.0", "1"),
        ("1e21", "1e+21"),
        ("-0", "0"),
        ("-0.0", "0"),
        ("0e999999999999999999999", "0"),
        ("0.000", "0"),
        ("10", "10"),
        ("1E2", "100"),
        ("1e+2", "100"),
        ("5e0", "5"),
        ("1.5E-0", "1.5"),
        ("1.50", "1.5"),
        ("-120", "-120"),
        ("123456789012345", "123456789012345"),
        ("100e-2", "1"),
        ("1e20", "100000000000000000000"),
        ("123456789012345680000", "123456789012345680000"),
        ("0.1", "0.1"),
        ("0.000001", "0.000001"),
        ("0.0000001", "1e-7"),
        ("1.5e-7", "1.5e-7"),
        ("-0.00000150", "-0.0000015"),
        ("1.25E300", "1.25e+300"),
        ("5e-324", "5e-324"),
        ("1.7976931348623157e308", "1.7976931348623157e+308"),
        ("2.2250738585072014e-308", "2.2250738585072014e-308"),
        ("9007199254740991", "9007199254740991"),
        ("9007199254740992", "9007199254740992"),
        ("0.30000000000000004", "0.30000000000000004"),
        ("1000000000000000128", "1000000000000000128"),
        ("1.0000000000000000000000000", "1"),
        ("123.456e1", "1234.56"),
        ("100000000000000000000000", "1e+23"),
        ("5e-7", "5e-7"),
        ("0.5e-6", "5e-7"),
        ("12345678901234567e4", "123456789012345670000"),
        ("1.2650979347888762e+15", "1265097934788876.2"),
    ]);
}

#[test]
fn numbers_that_ecmascript_would_change_stay_as_published() {
    let kept = [
        "12345678901234567890",
        "9007199254740993",
        "1e400",
        "-1E400",
        "1e-400",
        "0.1000000000000000055511151231257827",
        "3.141592653589793238",
        "1e99999999999999999999",
        "-1.0e-99999999999999999999",
        "4e-324",
        "1.7976931348623159e308",
        "72057594037927937",
        "0.30000000000000005e0",
        // The double lies in the middle between this and the even ...2, which ECMAScript prints.
        "1.2650979347888763e+15",
    ];
    check(&kept.map(|text| (text, text)));
}

#[test]
fn what_is_wrong_and_where_is_said() {
    for (text, message) in [
        ("", "not JSON: the text ends at byte 0, expected a value"),
        ("  ", "not JSON: the text ends at byte 2, expected a value"),
        ("{\"a\":1,\"b\":2 \"c\"}", "not JSON at byte 13: expected ',' or '}'"),
        ("[1 2]", "not JSON at byte 3: expected ',' or ']'"),
        ("[1,]", "not JSON at byte 3: expected a value"),
        ("{\"a\":1,}", "not JSON at byte 7: expected a member's name in double quotes"),
        ("{a:1}", "not JSON at byte 1: expected a member's name in double quotes or '}'"),
        ("{\"a\" 1}", "not JSON at byte 5: expected ':'"),
        ("{\"a\":}", "not JSON at byte 5: expected a value"),
        ("[}", "not JSON at byte 1: expected a value"),
        ("{\"a\":[1", "not JSON: the text ends at byte 7, expected ',' or ']'"),
        ("1 2", "not JSON at byte 2: expected the end of the text after one value"),
        ("nullx", "not JSON at byte 4: expected the end of the text after one value"),
        ("nul", "not JSON: the text ends at byte 3, expected \"null\""),
        ("trüe", "not JSON at byte 2: expected \"true\""),
        ("NaN", "not JSON at byte 0: expected a value"),
        ("'a'", "not JSON at byte 0: expected a value"),
        ("\u{feff}1", "not JSON at byte 0: expected a value"),
        ("\u{a0}1", "not JSON at byte 0: expected a value"),
        ("01", "not JSON at byte 1: expected no digit after a leading zero"),
        ("-", "not JSON: the text ends at byte 1, expected a digit"),
        ("+1", "not JSON at byte 0: expected a value"),
        (".5", "not JSON at byte 0: expected a value"),
        ("1.", "not JSON: the text ends at byte 2, expected a digit"),
        ("1.e5", "not JSON at byte 2: expected a digit"),
        ("1e+", "not JSON: the text ends at byte 3, expected a digit"),
        ("\"abc", "not JSON: the text ends at byte 4, expected '\"' at the end of a string"),
        ("\"a\nb\"", "not JSON at byte 2: control characters in strings must be escaped"),
        (r#""\x""#, "not JSON at byte 2: expected one of \" \\ / b f n r t u after a backslash"),
        (r#""\u12g4""#, "not JSON at byte 5: expected a hexadecimal digit"),
        (r#""\ud800\u12""#, "not JSON at byte 11: expected a hexadecimal digit"),
        (r#""\u+123""#, "not JSON at byte 3: expected a hexadecimal digit"),
        ("\"\\", "not JSON: the text ends at byte 2, expected one of \" \\ / b f n r t u after a backslash"),
    ] {
        assert_eq!(canonical(text), Err(message.to_owned()), "{text}");
    }
    assert_eq!(canonicalize(b"\"a\xff\""), Err(JsonError::NotUtf8 { offset: 2 }));
    assert_eq!(canonicalize(b"\"\xed\xa0\x80\""), Err(JsonError::NotUtf8 { offset: 1 }));
}

#[test]
fn nesting_has_a_limit_that_no_stack_depends_on() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(canonical(&nested(128)).is_ok());
    assert_eq!(
        canonical(&nested(129)),
        Err("nested too deeply at byte 128: at most 128 levels are allowed".to_owned())
    );
    assert!(canonical(&"[".repeat(1_000_000)).is_err());
    let objects = |depth: usize| format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
    assert!(canonical(&objects(128)).is_ok());
    assert!(canonicalize(objects(129).as_bytes()).is_err_and(|error| matches!(error, JsonError::TooDeep { .. })));
}

/// Work that grows with the square of the input would not end within the test run's patience.
#[test]
fn hostile_input_takes_no_longer_than_its_size() {
    let members = |name: &dyn Fn(u32) -> String| {
        let members: Vec<String> = (0..200_000).map(|n| format!("\"{}\":0", name(n))).collect();
        format!("{{{}}}", members.join(","))
    };
    for text in [
        members(&|n| (200_000 - n).to_string()),
        members(&|_| "same".to_owned()),
        members(&|n| format!("key{n}")),
        "9".repeat(2_000_000),
        format!("1{}", "0".repeat(2_000_000)),
        format!("0.{}1e2000000", "0".repeat(2_000_000)),
        format!("1e{}", "9".repeat(2_000_000)),
        format!("\"{}\"", "\\u0041".repeat(300_000)),
    ] {
        assert!(canonicalize(text.as_bytes()).is_ok());
    }
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 60, 12, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..12).prop_map(Value::from),
            prop::collection::btree_map("[a-z\"\\\\\n😀]{1,3}", inner, 0..12)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Text that is often almost JSON.
fn almost_json() -> impl Strategy<Value = String> {
    const PIECES: [&str; 26] = [
        "{", "}", "[", "]", ",", ":", "\"a\"", "\"1\"", "\"0\"", "\"", "\\", "\\ud83d", "\\ude00", "1", "-", "0", ".",
        "e", "E+", "null", "true", " ", "\u{1}", "é", "1e400", "\"b\":2,",
    ];
    prop::collection::vec(prop::sample::select(&PIECES[..]), 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn simple_values_are_written_as_others_write_them(value in value()) {
        let compact = value.to_string();
        prop_assert_eq!(canonical(&compact), Ok(compact.clone()));
        let pretty = serde_json::to_string_pretty(&value).expect("serialisable");
        prop_assert_eq!(canonical(&pretty), Ok(compact));
    }

    #[test]
    fn text_is_taken_exactly_if_it_is_json(text in almost_json()) {
        match (canonicalize(text.as_bytes()), serde_json::from_str::<&serde_json::value::RawValue>(&text)) {
            (Ok(once), Ok(_)) => prop_assert_eq!(canonicalize(&once), Ok(once)),
            (Err(_), Err(_)) => {}
            // A raw value checks no surrogates and so takes what we take; anything else is a difference.
            (ours, theirs) => prop_assert!(false, "{text}: {ours:?} {theirs:?}"),
        }
    }

    #[test]
    fn doubles_keep_their_value(bits: u64) {
        let double = f64::from_bits(bits);
        prop_assume!(double.is_finite());
        let text = canonical(&format!("{double:e}")).expect("a number");
        prop_assert_eq!(text.parse::<f64>(), Ok(double));
        prop_assert_eq!(canonical(&text), Ok(text));
    }

    #[test]
    fn short_decimals_stay_as_they_are(text in "-?(0|[1-9][0-9]{0,8})(\\.[0-9]{0,5}[1-9])?") {
        prop_assume!(text != "-0");
        prop_assert_eq!(text.parse::<f64>().map(|double| double.to_string()), Ok(text.clone()));
        prop_assert_eq!(canonical(&text), Ok(text));
    }

    #[test]
    fn any_bytes_are_taken_or_refused(bytes: Vec<u8>) {
        let _ = canonicalize(&bytes);
    }

    #[test]
    fn a_string_that_is_written_is_read_back(text: String) {
        let mut out = Vec::new();
        write_string(&mut out, &text);
        prop_assert_eq!(serde_json::from_slice::<String>(&out).expect("JSON"), text);
        prop_assert_eq!(canonicalize(&out), Ok(out));
    }
}
