//! Headers as they are kept and shown.

use crate::json::write_string;

/// Names and values in their order, as the JSON text `[["name","value"],…]`: written once, at the attempt, and read only by whoever
/// looks at it, so that on its way into the database it is one text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderList(String);

impl HeaderList {
    /// What [`Self::as_str`] of another gave. It is not looked into.
    #[must_use]
    pub const fn from_json(text: String) -> Self {
        Self(text)
    }

    /// The JSON text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The JSON text.
    #[must_use]
    pub fn into_json(self) -> String {
        self.0
    }

    /// Reads names and values.
    ///
    /// # Errors
    /// The text is not such a list.
    pub fn pairs(&self) -> Result<Vec<(String, String)>, serde_json::Error> {
        serde_json::from_str(&self.0)
    }
}

impl Default for HeaderList {
    fn default() -> Self {
        Self("[]".to_owned())
    }
}

/// Of names and values; what is not UTF-8 in them is shown as U+FFFD.
impl<N: AsRef<[u8]>, V: AsRef<[u8]>> FromIterator<(N, V)> for HeaderList {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        /// A few headers are shorter than this.
        const USUAL_LENGTH: usize = 384;
        let mut text = Vec::with_capacity(USUAL_LENGTH);
        text.push(b'[');
        for (name, value) in pairs {
            if text.len() > 1 {
                text.push(b',');
            }
            text.push(b'[');
            write_string(&mut text, name.as_ref());
            text.push(b',');
            write_string(&mut text, value.as_ref());
            text.push(b']');
        }
        text.push(b']');
        // It is one text but for what values bring along, which ends at the latest before their quote.
        Self(String::from_utf8(text).unwrap_or_else(|odd| String::from_utf8_lossy(odd.as_bytes()).into_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_in_comes_out() {
        let nasty = "quote \" backslash \\ nul \u{0} \u{1b} \u{202e} \u{10FFFF}\n";
        let pairs = vec![("Set-Cookie".to_owned(), nasty.to_owned()), ("set-cookie".to_owned(), String::new())];
        let list: HeaderList = pairs.iter().map(|(name, value)| (name, value)).collect();
        assert_eq!(list.pairs().expect("a list"), pairs);
        assert_eq!(HeaderList::from_json(list.as_str().to_owned()), list);
        assert!(!list.as_str().contains('\0'), "a database's text cannot hold NUL: {}", list.as_str());
        assert_eq!(HeaderList::default(), std::iter::empty::<(&str, &str)>().collect());
        assert!(HeaderList::from_json("[[1]]".to_owned()).pairs().is_err());
    }

    #[test]
    fn what_is_not_utf_8_stays_within_its_value() {
        let values = [&b"half of \xc3"[..], b"\xf0\x9f\x98", b"\xe9t\xe9", b"\xed\xa0\x80\"", b"plain"];
        let list: HeaderList = values.iter().map(|value| ("name", value)).collect();
        let shown = values.map(|value| ("name".to_owned(), String::from_utf8_lossy(value).into_owned()));
        assert_eq!(list.pairs().expect("a list"), shown);
    }
}
