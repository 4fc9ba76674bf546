//! Intel's and AT&T's syntax as GNU's `objdump` prints them.

use super::super::Lookup;

pub(in super::super) struct GnuSyntax<'a, 's> {
    _lookup: Lookup<'a, 's>,
}

impl<'a, 's> GnuSyntax<'a, 's> {
    pub(in super::super) fn intel(_code: &'a [u8], _start: u64, lookup: Lookup<'a, 's>) -> Self {
        Self { _lookup: lookup }
    }
    pub(in super::super) fn att(_code: &'a [u8], _start: u64, lookup: Lookup<'a, 's>) -> Self {
        Self { _lookup: lookup }
    }
    pub(in super::super) fn write(&mut self, _position: usize, _text: &mut String) -> usize {
        1
    }
}
