//! The order of an object's members: array indices first, duplicates merged.

/// Up to this many members, comparing every pair of names is quicker than sorting them.
const FEW: usize = 8;

/// Where a member, such as `"name":1`, lies in the output.
#[derive(Clone, Copy)]
pub(super) struct Member {
    /// The quote that begins its name.
    pub(super) start: usize,
    /// After the quote that ends its name.
    pub(super) name_end: usize,
    /// After its value.
    pub(super) end: usize,
}

impl Member {
    /// The name in canonical escapes, without its quotes; equal names are equal bytes.
    fn name<'a>(&self, out: &'a [u8]) -> &'a [u8] {
        out.get(self.start + 1..self.name_end - 1).unwrap_or_default()
    }
}

/// Puts the members of an object, which begin at `start` and end `out`, into ECMAScript's order.
pub(super) fn arrange(out: &mut Vec<u8>, start: usize, members: &[Member]) {
    if is_arranged(out, members) {
        return;
    }
    let mut arranged = Vec::with_capacity(out.len() - start);
    for member in order(out, members) {
        if !arranged.is_empty() {
            arranged.push(b',');
        }
        arranged.extend_from_slice(out.get(member.start..member.end).unwrap_or_default());
    }
    out.truncate(start);
    out.append(&mut arranged);
}

/// Whether nothing is to be moved: no array index among several members, and no name twice.
fn is_arranged(out: &[u8], members: &[Member]) -> bool {
    if members.len() < 2 {
        return true;
    }
    if members.iter().any(|member| array_index(member.name(out)).is_some()) {
        return false;
    }
    if members.len() > FEW {
        let mut names: Vec<&[u8]> = members.iter().map(|member| member.name(out)).collect();
        names.sort_unstable();
        return names.array_windows().all(|[a, b]| a != b);
    }
    let mut rest = members;
    while let Some((first, others)) = rest.split_first() {
        if others.iter().any(|other| other.name(out) == first.name(out)) {
            return false;
        }
        rest = others;
    }
    true
}

/// The members that remain, in their order.
fn order(out: &[u8], members: &[Member]) -> Vec<Member> {
    // Equal names side by side, in the order of the text (the sort is stable).
    let mut by_name: Vec<(usize, &Member)> = members.iter().enumerate().collect();
    by_name.sort_by_key(|(_, member)| member.name(out));
    let mut kept: Vec<((Option<u32>, usize), Member)> = Vec::with_capacity(members.len());
    for same in by_name.chunk_by(|(_, a), (_, b)| a.name(out) == b.name(out)) {
        if let (Some((place, first)), Some((_, last))) = (same.first(), same.last()) {
            kept.push(((array_index(first.name(out)), *place), **last));
        }
    }
    kept.sort_unstable_by_key(|((index, place), _)| (index.is_none(), *index, *place));
    kept.into_iter().map(|(_, member)| member).collect()
}

/// The number that `name` is the usual spelling of, if it is an array index (ECMA-262, "array index").
fn array_index(name: &[u8]) -> Option<u32> {
    if name.len() > 10 || !name.iter().all(u8::is_ascii_digit) || (name.len() > 1 && name.first() == Some(&b'0')) {
        return None;
    }
    std::str::from_utf8(name).ok()?.parse().ok().filter(|&index| index != u32::MAX)
}

/// Whether ECMAScript would move a member of this name before all others.
pub(crate) fn is_array_index(name: &str) -> bool {
    array_index(name.as_bytes()).is_some()
}
