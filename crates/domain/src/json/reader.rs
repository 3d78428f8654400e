//! Reads JSON text and writes its canonical form in the same pass, with a stack of its own instead of recursion.

use super::object::{self, Member};
use super::{JsonError, MAX_DEPTH, number, string};

/// An array or object that is still open.
enum Open {
    Array,
    Object {
        /// Where its first member begins in the output.
        start: usize,
        /// How many entries of [`Reader::members`] belong to objects around it.
        outer: usize,
    },
}

/// What the text goes on with.
#[derive(PartialEq, Eq)]
enum Next {
    Value,
    End,
}

pub(super) struct Reader<'a> {
    text: &'a str,
    at: usize,
    out: Vec<u8>,
    open: Vec<Open>,
    /// The members of all open objects, innermost last.
    members: Vec<Member>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0, out: Vec::with_capacity(text.len()), open: Vec::new(), members: Vec::new() }
    }

    pub(super) fn read(mut self) -> Result<Vec<u8>, JsonError> {
        let mut next = Next::Value;
        while next == Next::Value {
            next = if self.value()? { self.after_value()? } else { Next::Value };
        }
        self.skip_white_space();
        match self.peek() {
            None => Ok(self.out),
            Some(_) => Err(JsonError::Trailing { offset: self.at }),
        }
    }

    /// Writes a value that ends here, or opens one that holds others. Returns whether it ended.
    fn value(&mut self) -> Result<bool, JsonError> {
        self.skip_white_space();
        match self.peek() {
            Some(b'{') => return self.open_object(),
            Some(b'[') => return self.open_array(),
            Some(b'"') => self.at = string::copy(self.text, self.at, &mut self.out)?,
            Some(b'-' | b'0'..=b'9') => self.at = number::copy(self.text, self.at, &mut self.out)?,
            Some(b't') => self.word("true", "\"true\"")?,
            Some(b'f') => self.word("false", "\"false\"")?,
            Some(b'n') => self.word("null", "\"null\"")?,
            _ => return Err(self.unexpected("a value")),
        }
        Ok(true)
    }

    /// After a value: the next element or member, or the end of what it lies in, and of what that lies in.
    fn after_value(&mut self) -> Result<Next, JsonError> {
        loop {
            let Some(open) = self.open.last() else {
                return Ok(Next::End);
            };
            let in_object = matches!(open, Open::Object { .. });
            if in_object && let Some(member) = self.members.last_mut() {
                member.end = self.out.len();
            }
            self.skip_white_space();
            match (self.peek(), in_object) {
                (Some(b','), false) => {
                    self.take(b',');
                    return Ok(Next::Value);
                }
                (Some(b','), true) => {
                    self.take(b',');
                    self.skip_white_space();
                    self.name("a member's name in double quotes")?;
                    return Ok(Next::Value);
                }
                (Some(b']'), false) => {
                    self.take(b']');
                    self.open.pop();
                }
                (Some(b'}'), true) => self.close_object(),
                (_, false) => return Err(self.unexpected("',' or ']'")),
                (_, true) => return Err(self.unexpected("',' or '}'")),
            }
        }
    }

    fn open_array(&mut self) -> Result<bool, JsonError> {
        self.enter(Open::Array)?;
        self.take(b'[');
        self.skip_white_space();
        if self.peek() != Some(b']') {
            return Ok(false);
        }
        self.take(b']');
        self.open.pop();
        Ok(true)
    }

    fn open_object(&mut self) -> Result<bool, JsonError> {
        let start = self.out.len() + 1;
        self.enter(Open::Object { start, outer: self.members.len() })?;
        self.take(b'{');
        self.skip_white_space();
        if self.peek() == Some(b'}') {
            self.close_object();
            return Ok(true);
        }
        self.name("a member's name in double quotes or '}'")?;
        Ok(false)
    }

    fn enter(&mut self, open: Open) -> Result<(), JsonError> {
        if self.open.len() == MAX_DEPTH {
            return Err(JsonError::TooDeep { offset: self.at });
        }
        self.open.push(open);
        Ok(())
    }

    fn close_object(&mut self) {
        if let Some(Open::Object { start, outer }) = self.open.pop() {
            object::arrange(&mut self.out, start, self.members.get(outer..).unwrap_or_default());
            self.members.truncate(outer);
        }
        self.take(b'}');
    }

    /// A member's name and its colon.
    fn name(&mut self, expected: &'static str) -> Result<(), JsonError> {
        if self.peek() != Some(b'"') {
            return Err(self.unexpected(expected));
        }
        let start = self.out.len();
        self.at = string::copy(self.text, self.at, &mut self.out)?;
        self.members.push(Member { start, name_end: self.out.len(), end: self.out.len() });
        self.skip_white_space();
        if self.peek() != Some(b':') {
            return Err(self.unexpected("':'"));
        }
        self.take(b':');
        Ok(())
    }

    fn word(&mut self, word: &str, expected: &'static str) -> Result<(), JsonError> {
        for byte in word.bytes() {
            if self.peek() != Some(byte) {
                return Err(self.unexpected(expected));
            }
            self.take(byte);
        }
        Ok(())
    }

    fn take(&mut self, byte: u8) {
        self.out.push(byte);
        self.at += 1;
    }

    fn skip_white_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn unexpected(&self, expected: &'static str) -> JsonError {
        unexpected(self.text, self.at, expected)
    }
}

/// The error for what stands at `offset`, which may be the end.
pub(super) fn unexpected(text: &str, offset: usize, expected: &'static str) -> JsonError {
    if offset >= text.len() {
        JsonError::EndsEarly { offset: text.len(), expected }
    } else {
        JsonError::Unexpected { offset, expected }
    }
}
