//! The gallery: data in which receivers that write a parsed body anew have been seen to differ from the body that was signed.

/// Those whose numbers a double holds: what arrives is what `JSON.stringify(JSON.parse(published))` gives.
pub(crate) fn held() -> Vec<(&'static str, String)> {
    let mut payloads: Vec<_> = HELD.iter().map(|&(name, text)| (name, text.to_owned())).collect();
    payloads.push(("100 levels deep", nested(100)));
    payloads.push(("128 levels deep", nested(128)));
    payloads.push(("200 KiB", long(200 * 1024)));
    payloads.push(("1,000 array indices in falling order", falling_indices(1_000)));
    payloads
}

const HELD: &[(&str, &str)] = &[
    ("coordinates", r#"{"latitude": 40.7128, "longitude": -74.0060}"#),
    ("whole numbers with a fraction", "[1.0, 1.50, 100.00e-2, 12E3, -7.000]"),
    ("1e21 and its neighbours", "[1e21, 1E+20, 123456789012345680000, 999999999999999900000]"),
    ("1e-7 and its neighbours", "[1e-7, 0.0000001, 0.000001, 1.5E-7]"),
    ("the smallest and the largest doubles", "[5e-324, 2.2250738585072014e-308, 1.7976931348623157e308]"),
    ("zeros", "[0, -0, -0.0, 0e5, 0.000, -0E-3]"),
    ("around 2^53", "[9007199254740991, 9007199254740992, -9007199254740992, 9007199254740994]"),
    ("the even one of two shortest forms", "[868628968616507.2, -8.6862896861650720E+14]"),
    ("nested empties", r#"[[], {}, [{}], {"": []}, [[[]]], {"a": {"b": {}}}, ""]"#),
    (
        "keys like integers",
        r#"{"b": 1, "10": 2, "9": 3, "a": 4, "0": 5, "4294967294": 6, "4294967295": 7, "01": 8, "-1": 9, "1.0": 10}"#,
    ),
    ("keys like integers, deeper", r#"[{"x": {"2": [], "1": {"b": 0, "7": 0, "3": 0}}}]"#),
    ("duplicate keys", r#"{"b": 1, "a": 2, "b": 3}"#),
    ("duplicate keys with objects", r#"{"a": {"x": 1}, "b": 0, "a": {"y": {"z": 1, "z": 2}, "y": []}}"#),
    ("keys that are the same once unescaped", r#"{"a": 1, "\u0061": 2, "é": 3, "\u00e9": 4, "\/": 5, "/": 6}"#),
    ("duplicate keys like integers", r#"{"1": "x", "0": "y", "1": "z"}"#),
    (
        "names that JavaScript's objects have",
        r#"{"__proto__": {"a": 1}, "constructor": 1, "toJSON": "x", "length": 0}"#,
    ),
    (
        "names that envelopes have",
        r#"{"id": 1, "type": 2, "timestamp": 3, "data": {"data": null}, "signature": "sha256=0", "created": ""}"#,
    ),
    ("text that looks like the end of an envelope", r#"{"a": "\",\"signature\":\"sha256=00\"}", "b": "}}}"}"#),
    ("non-ASCII", r#"{"größe": "Grüße, 世界, שלום, 👋🏽, é, é", "日本": "𝒳"}"#),
    ("line separators, as they are and escaped", "[\"a\u{2028}b\u{2029}c\", \"a\\u2028b\\u2029c\"]"),
    ("text that runs both ways", "[\"\u{202e}abc\u{202c}\", \"\u{feff}x\u{200b}\", \"\\u202eabc\"]"),
    ("every short escape", r#"["\"\\\/\b\f\n\r\t", "http:\/\/example.com\/"]"#),
    ("escapes of what needs none", r#"["\u0041\u00e9\u4e16\ud83d\ude00", "\u007F\u0080\u00A0\uFFFF"]"#),
    ("control characters", "[\"\\u0000\\u0001\\u000b\\u001F\\u000A\", \"\u{7f}\u{80}\"]"),
    ("lone surrogates", r#"["\ud800", "\udfff", "\uD800x", "\udc00\ud800", "\ud83d\u0041", "\ud83d\ud83d\ude00"]"#),
    ("a lone surrogate as a key", r#"{"\udead": 1, "\uDEAD": 2, "\ud83d\ude00": 3}"#),
    ("markup", r#"{"html": "</script><!-- & ' \u003c"}"#),
    ("white space everywhere", " \t\r\n{ \"a\" :\n[ 1 ,\t2 ] , \"b\"\r:\n{ } } \n"),
    ("null", "null"),
    ("true", " true "),
    ("a number", "-74.0060"),
    ("a string", r#""text""#),
    ("an empty string", r#""""#),
    ("an empty array", "[ ]"),
    ("an empty object", "{ }"),
];

/// Those with numbers that no double holds: these keep their text, and what arrives is the second.
pub(crate) const EXACT: [(&str, &str, &str); 8] = [
    ("a long integer", r#"{"id": 12345678901234567890}"#, r#"{"id":12345678901234567890}"#),
    ("2^53 and one", "[9007199254740993, -9007199254740993]", "[9007199254740993,-9007199254740993]"),
    ("beyond the largest double", "[1e400, -1E400, 1.8e308]", "[1e400,-1E400,1.8e308]"),
    ("below the smallest double", "[1e-400, 4e-324]", "[1e-400,4e-324]"),
    ("more than 17 digits", "[3.14159265358979323846]", "[3.14159265358979323846]"),
    ("an amount with a long fraction", "[123456789012345678.50]", "[123456789012345678.50]"),
    (
        "the odd one of two shortest forms",
        "[868628968616507.3, 868628968616507.25]",
        "[868628968616507.3,868628968616507.25]",
    ),
    (
        "beside what is written anew",
        r#"{"b": 1.0, "7": [-74.0060, 1e400], "b": 12345678901234567890, "\u0061": "\/"}"#,
        r#"{"7":[-74.006,1e400],"b":12345678901234567890,"a":"/"}"#,
    ),
];

/// Arrays and objects in turn.
fn nested(levels: usize) -> String {
    let opened = ["[", "{\"a\": "].iter().cycle().take(levels).copied().collect::<String>();
    let last = if levels.is_multiple_of(2) { "0" } else { "" };
    let closed = ["]", "}"].iter().cycle().take(levels).copied().collect::<Vec<_>>();
    let closed: String = closed.into_iter().rev().collect();
    format!("{opened}{last}{closed}")
}

/// Rows of a bit of everything, this many bytes and a few more.
fn long(bytes: usize) -> String {
    let row = r#"{"name": "Žofia\u00e9\/", "1": 1.50, "0": [-74.0060, {}], "text": "\ud83d\ude00 und so weiter"}"#;
    format!("[{}]", vec![row; bytes.div_ceil(row.len() + 1)].join(","))
}

fn falling_indices(count: usize) -> String {
    let members: Vec<_> = (0..count).rev().map(|index| format!("\"{index}\": {index}.0")).collect();
    format!("{{{}}}", members.join(", "))
}
