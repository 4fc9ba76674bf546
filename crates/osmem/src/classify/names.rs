//! What the path or name of a mapping tells.

use super::RegionClass;
use crate::mapping::Mapping;

/// What a mapping's name says; no class when only shape and place can tell.
#[derive(Debug, Default)]
pub(super) struct Named {
    pub(super) class: Option<RegionClass>,
    pub(super) go_name: Option<String>,
    pub(super) name: Option<String>,
}

impl From<RegionClass> for Named {
    fn from(class: RegionClass) -> Self {
        Self {
            class: Some(class),
            ..Self::default()
        }
    }
}

pub(super) fn of(mapping: &Mapping, exe: Option<&str>, tmpfs_devices: &[(u32, u32)]) -> Named {
    let path = mapping.path.as_str();
    if path.starts_with('[') {
        return pseudo(path, mapping.permissions.shared);
    }
    if mapping.is_private_anonymous() {
        return Named::default();
    }
    Named::from(file_class(mapping, path, exe, tmpfs_devices))
}

fn file_class(
    mapping: &Mapping,
    path: &str,
    exe: Option<&str>,
    tmpfs_devices: &[(u32, u32)],
) -> RegionClass {
    if exe == Some(path) {
        return if mapping.permissions.write || was_writable(mapping) {
            RegionClass::BinaryData
        } else {
            RegionClass::BinaryText
        };
    }
    let shared = mapping.permissions.shared;
    // Private `/dev/zero` and private anonymous hugetlbfs memory belong to no file.
    if !shared && (path == "/dev/zero" || path == "/anon_hugepage") {
        return RegionClass::OtherAnonymous;
    }
    if is_library(path) {
        return RegionClass::LibraryFile;
    }
    let is_shared_memory = ["/dev/shm/", "/run/shm/", "/memfd:", "/SYSV"]
        .iter()
        .any(|prefix| path.starts_with(prefix))
        || matches!(path, "/dev/zero" | "/anon_hugepage" | "")
        || tmpfs_devices.contains(&mapping.device);
    if is_shared_memory {
        RegionClass::SharedMemory
    } else {
        RegionClass::FileMapped
    }
}

/// Tells whether a read-only private mapping was writable once, as relocated data is (RELRO): the
/// kernel accounts for such memory and keeps doing so.
fn was_writable(mapping: &Mapping) -> bool {
    !mapping.permissions.execute && mapping.vm_flags.contains("ac")
}

/// Tells whether a file is named like a shared library: `libc.so.6`, `ld-linux-x86-64.so.2`,
/// `plugin.so`.
pub(super) fn is_library(path: &str) -> bool {
    let file = path.rsplit('/').next().unwrap_or(path);
    match file.find(".so") {
        Some(at) => {
            let rest = &file[at + ".so".len()..];
            rest.is_empty() || rest.starts_with('.')
        }
        None => file.starts_with("ld-musl-"),
    }
}

fn pseudo(path: &str, shared: bool) -> Named {
    if let Some(name) = inner(path, "[anon:") {
        return anonymous(name);
    }
    if let Some(name) = inner(path, "[anon_shmem:") {
        return Named {
            name: Some(name.to_owned()),
            ..Named::from(RegionClass::SharedMemory)
        };
    }
    Named::from(match path {
        "[heap]" => RegionClass::CHeap,
        "[stack]" => RegionClass::MainStack,
        // Linux 3.4 to 4.4 named the stacks of threads by their id.
        _ if path.starts_with("[stack:") => RegionClass::ThreadStack,
        _ if shared => RegionClass::SharedMemory,
        // vdso, vvar, vvar_vclock, vsyscall, vectors, sigpage, uprobes, ...
        _ => RegionClass::Kernel,
    })
}

/// Returns the name inside `[anon:name]`, without the spaces around it: Go writes ` Go: heap`,
/// glibc ` glibc: malloc`.
fn inner<'a>(path: &'a str, prefix: &str) -> Option<&'a str> {
    Some(path.strip_prefix(prefix)?.strip_suffix(']')?.trim())
}

fn anonymous(name: &str) -> Named {
    if let Some(go_name) = name.strip_prefix("Go: ") {
        // The names are those of sysReserve, sysMap and sysAlloc's callers (Go 1.27.3,
        // runtime/malloc.go, mheap.go, arena.go; listed in decoratemappings_test.go).
        let class = match go_name {
            "heap" | "heap reservation" | "user arena chunk" => RegionClass::GoArena,
            _ => RegionClass::GoMetadata,
        };
        return Named {
            go_name: Some(go_name.to_owned()),
            ..Named::from(class)
        };
    }
    let class = if name == "glibc: malloc arena" {
        Some(RegionClass::CArena)
    } else if name == "glibc: malloc" || name == "glibc: loader malloc" {
        Some(RegionClass::CHeap)
    } else if name.starts_with("glibc: pthread") || name.starts_with("stack_and_tls:") {
        Some(RegionClass::ThreadStack)
    } else {
        Some(RegionClass::OtherAnonymous)
    };
    Named {
        class,
        go_name: None,
        name: Some(name.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_by_their_file_names() {
        for path in [
            "/lib/libc.so.6",
            "/srv/plugin.so",
            "/lib/ld-musl-x86_64.so.1",
            "/l/x.so.1.2",
        ] {
            assert!(is_library(path), "{path}");
        }
        for path in ["/srv/app", "/data/a.sorted", "/srv/lib.so/app", "/srv/also"] {
            assert!(!is_library(path), "{path}");
        }
    }
}
