//! The document that starts the application, made for each answer.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::brand::Brand;

/// A document and the nonce that its style elements bear.
pub(crate) struct Document {
    pub(crate) html: String,
    pub(crate) nonce: Option<String>,
}

/// What the build leaves open in its document.
const NONCE: &str = "__NONCE__";
const BRAND: &str = "__BRAND__";

/// The application's document for this brand.
pub(crate) fn of_application(built: &str, brand: &Brand) -> Document {
    let nonce = STANDARD.encode(rand::random::<[u8; 16]>());
    // Within a script element only `<` could end it or begin a comment.
    let brand = serde_json::to_string(brand).unwrap_or_default().replace('<', "\\u003c");
    Document { html: built.replace(NONCE, &nonce).replace(BRAND, &brand), nonce: Some(nonce) }
}

/// What a build without the application says.
pub(crate) fn of_missing_application() -> Document {
    Document { html: include_str!("missing.html").to_owned(), nonce: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::brand;
    use crate::config::Config;

    #[test]
    fn a_brand_cannot_leave_its_element() {
        let config = Config { name: "</script><script>alert(1)</script>".to_owned(), ..Config::default() };
        let (brand, _) = brand::read(&config).expect("a name is a name");
        let built = r#"<meta nonce="__NONCE__"><script type="application/json" id="brand">__BRAND__</script>"#;
        let document = of_application(built, &brand);
        assert_eq!(document.html.matches("</script>").count(), 1, "{}", document.html);
        let nonce = document.nonce.as_deref().expect("its style elements need one");
        assert!(document.html.contains(&format!("nonce=\"{nonce}\"")));
        assert_ne!(of_application(built, &brand).nonce, document.nonce, "each answer has its own");
    }
}
