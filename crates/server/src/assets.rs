//! The page: files that the build put into this crate.

#[cfg(feature = "page")]
include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// Without the page there are no files.
#[cfg(not(feature = "page"))]
static FILES: &[File] = &[];

/// A file of the page.
pub(crate) struct File {
    /// Below `assets/`.
    pub(crate) name: &'static str,
    pub(crate) media: &'static str,
    pub(crate) bytes: &'static [u8],
    /// What a policy allows it by, where it stands in a page.
    pub(crate) hash: &'static str,
}

/// The views of the page: each is a path below the secret part, and the page itself reads
/// from its address what to show.
pub(crate) const VIEWS: &[&str] = &[
    "",
    "explain",
    "flame",
    "top",
    "peek",
    "tree",
    "traces",
    "tags",
    "graph",
    "source",
    "disasm",
    "goroutines",
    "memory",
    "fleet",
    "target",
    "growth",
];

/// Finds what a path below the secret part stands for.
pub(crate) fn find(path: &str) -> Option<&'static File> {
    let path = path.strip_prefix('/')?;
    let name = if VIEWS.contains(&path) {
        "index.html"
    } else {
        path.strip_prefix("assets/")?
    };
    named(name)
}

/// The file of a name.
pub(crate) fn named(name: &str) -> Option<&'static File> {
    FILES.iter().find(|file| file.name == name)
}

/// Whether the page has a view of this name; the empty one is the first.
pub(crate) fn is_view(name: &str) -> bool {
    VIEWS.contains(&name)
}

/// The names of all views, for people.
pub(crate) fn views() -> String {
    let named: Vec<&str> = VIEWS
        .iter()
        .copied()
        .filter(|name| !name.is_empty())
        .collect();
    named.join(", ")
}

/// Whether the page is part of this build.
pub(crate) const fn are_there() -> bool {
    cfg!(feature = "page")
}
