//! The `u32` handles by which the tables of a profile refer to each other.

macro_rules! handle {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(transparent)]
        pub struct $name(pub(crate) u32);

        impl $name {
            /// Returns the position in its table.
            #[inline]
            pub const fn index(self) -> usize {
                self.0 as usize
            }

            /// Makes the handle of the row at `index`; `None` past `u32`.
            ///
            /// Whether the row exists is for the profile to say.
            #[inline]
            pub fn from_index(index: usize) -> Option<Self> {
                u32::try_from(index).ok().filter(|&raw| raw != u32::MAX).map(Self)
            }
        }
    };
}

handle!(
    /// A string of a profile; [`StringId::EMPTY`] is the empty one.
    StringId
);
handle!(
    /// A location: one program counter with the lines it stands for.
    LocationId
);
handle!(
    /// A function.
    FunctionId
);
handle!(
    /// A mapped object file.
    MappingId
);

impl StringId {
    /// The empty string, first in every profile.
    pub const EMPTY: Self = Self(0);

    /// Whether this is the empty string.
    #[inline]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// The raw value that stands for "no row" inside the tables.
pub(crate) const NONE: u32 = u32::MAX;
