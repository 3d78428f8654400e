//! What a real Node makes of a JSON text.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::program::Program;

/// A Node that parses texts and writes them anew.
pub(crate) struct Restringify(Program);

impl Restringify {
    /// Starts it.
    pub(crate) fn start() -> Self {
        Self(Program::start("restringify.js"))
    }

    /// `JSON.stringify(JSON.parse(text))`.
    pub(crate) async fn of(&mut self, text: &str) -> String {
        self.0.tell(&STANDARD.encode(text)).await;
        self.0.line().await
    }
}
