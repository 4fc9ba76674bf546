//! Address spaces that this machine cannot show: named memory, arm64, other allocators,
//! sanitizers, neighbours of arenas.

use fathom_osmem::classify::{AddressSpace, Hints, RegionClass};
use fathom_osmem::{Limits, maps, smaps};

fn space(maps_text: &str) -> AddressSpace {
    space_with(maps_text, &Hints::default())
}

fn space_with(maps_text: &str, hints: &Hints<'_>) -> AddressSpace {
    let text = maps_text.trim_start();
    AddressSpace::classify_with(
        maps::parse(text.as_bytes(), &Limits::default()).unwrap(),
        hints,
    )
}

/// One line a region: address, class, and the name where there is one.
fn drawn(space: &AddressSpace) -> String {
    use std::fmt::Write;
    let mut drawn = String::new();
    for region in space.regions() {
        let name = region.go_name.as_ref().or(region.name.as_ref());
        write!(drawn, "{:x} {}", region.mapping.start, region.class).unwrap();
        if let Some(name) = name {
            write!(drawn, " ({name})").unwrap();
        }
        drawn.push('\n');
    }
    drawn
}

#[test]
fn names_win_where_the_kernel_has_them() {
    let space = space(
        "
00400000-00744000 r-xp 00000000 fe:00 7          /srv/app
00744000-00745000 rw-p 00344000 fe:00 7          /srv/app
00745000-00800000 rw-p 00000000 00:00 0
256dcc000000-256dcc400000 ---p 00000000 00:00 0  [anon: Go: heap reservation]
256dcc400000-256dd8800000 rw-p 00000000 00:00 0  [anon: Go: heap]
256dd8800000-256ddc000000 ---p 00000000 00:00 0  [anon: Go: heap reservation]
300000000000-300004000000 rw-p 00000000 00:00 0
7efe00000000-7efe00800000 rw-p 00000000 00:00 0  [anon: Go: user arena chunk]
7efe5ca78000-7efe5cd72000 rw-p 00000000 00:00 0  [anon: Go: immortal metadata]
7efe5d200000-7efe5f200000 rw-p 00000000 00:00 0  [anon: Go: heap index]
7efe5f200000-7efe73cdb000 ---p 00000000 00:00 0  [anon: Go: page summary]
7efe74000000-7efe74021000 rw-p 00000000 00:00 0  [anon: glibc: malloc arena]
7efe74021000-7efe78000000 ---p 00000000 00:00 0  [anon: glibc: malloc arena]
7efe78000000-7efe79000000 rw-p 00000000 00:00 0  [anon: glibc: malloc]
7efe79000000-7efe79800000 rw-p 00000000 00:00 0  [anon: glibc: pthread stack: 12]
7efe7a000000-7efe7b000000 rw-p 00000000 00:00 0  [anon:jemalloc]
7efe7c000000-7efe7d000000 rw-s 00000000 00:01 9  [anon_shmem:ring]
7ffcfaaf3000-7ffcfab14000 rw-p 00000000 00:00 0  [stack]
",
    );
    insta::assert_snapshot!(drawn(&space), @"
    400000 binary-text
    744000 binary-data
    745000 binary-bss
    256dcc000000 go-arena (heap reservation)
    256dcc400000 go-arena (heap)
    256dd8800000 go-arena (heap reservation)
    300000000000 other-anonymous
    7efe00000000 go-arena (user arena chunk)
    7efe5ca78000 go-metadata (immortal metadata)
    7efe5d200000 go-metadata (heap index)
    7efe5f200000 go-metadata (page summary)
    7efe74000000 c-arena (glibc: malloc arena)
    7efe74021000 c-arena (glibc: malloc arena)
    7efe78000000 c-heap (glibc: malloc)
    7efe79000000 thread-stack (glibc: pthread stack: 12)
    7efe7a000000 other-anonymous (jemalloc)
    7efe7c000000 shared-memory (ring)
    7ffcfaaf3000 main-stack
    ");
    assert_eq!(
        space.arena_rw_size(),
        (0x256d_d880_0000 - 0x256d_cc40_0000) + (8 << 20)
    );
    let names: Vec<_> = space.go_names().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), 6);
    assert_eq!(names[0], "page summary");
    assert_eq!(space.other_names().len(), 5);
    assert_eq!(space.exe(), Some("/srv/app"));
}

#[test]
fn arenas_of_go_up_to_1_25_at_the_fixed_base() {
    let space = space(
        "
00400000-00744000 r-xp 00000000 fe:00 7    /srv/app
c000000000-c004400000 rw-p 00000000 00:00 0
c004400000-c008000000 ---p 00000000 00:00 0
7fb4b0000000-7fb4b2000000 rw-p 00000000 00:00 0
7fb4b2000000-7fb4c6161000 ---p 00000000 00:00 0
7fb4c6161000-7fb4c6162000 rw-p 00000000 00:00 0
7fb4c6162000-7fb4e6161000 ---p 00000000 00:00 0
",
    );
    assert_eq!(space.arena_rw_size(), 0x440_0000);
    assert_eq!(space.off_heap_rw_size(), (32 << 20) + 4096);
}

#[test]
fn arm64_up_to_go_1_25_with_a_second_base() {
    let space = space(
        "
00010000-00400000 r-xp 00000000 fe:00 7    /srv/app
4000000000-4000400000 rw-p 00000000 00:00 0
4000400000-4004000000 ---p 00000000 00:00 0
14000000000-14000800000 rw-p 00000000 00:00 0
14000800000-14004000000 ---p 00000000 00:00 0
ffff84000000-ffff84021000 rw-p 00000000 00:00 0
ffff84021000-ffff88000000 ---p 00000000 00:00 0
ffff9a110000-ffff9a120000 ---p 00000000 00:00 0
ffff9a120000-ffff9a910000 rw-p 00000000 00:00 0
ffffe0000000-ffffe0021000 rw-p 00000000 00:00 0    [stack]
",
    );
    insta::assert_snapshot!(drawn(&space), @"
    10000 binary-text
    4000000000 go-arena
    4000400000 go-arena
    14000000000 go-arena
    14000800000 go-arena
    ffff84000000 c-arena
    ffff84021000 c-arena
    ffff9a110000 thread-stack
    ffff9a120000 thread-stack
    ffffe0000000 main-stack
    ");
}

#[test]
fn random_bases_beyond_2_to_the_46_on_arm64() {
    let with_base = |base: &str| {
        space(&format!(
            "{base}70000000-{base}70800000 rw-p 00000000 00:00 0\n\
             {base}70800000-{base}74000000 ---p 00000000 00:00 0\n\
             ffffe0000000-ffffe0021000 rw-p 00000000 00:00 0    [stack]\n"
        ))
        .arena_rw_size()
    };
    assert_eq!(with_base("6a45"), 8 << 20);
    assert_eq!(with_base("9a45"), 0);
}

#[test]
fn neighbours_of_an_arena_are_not_of_it() {
    // Other anonymous memory right below and above two arenas.
    let space = space(
        "
256dcbff0000-256dcc000000 rw-p 00000000 00:00 0
256dcc000000-256dcc400000 ---p 00000000 00:00 0
256dcc400000-256dd3000000 rw-p 00000000 00:00 0
256dd3000000-256dd4000000 ---p 00000000 00:00 0
256dd4000000-256dd4001000 rw-p 00000000 00:00 0
7ffcfaaf3000-7ffcfab14000 rw-p 00000000 00:00 0    [stack]
",
    );
    insta::assert_snapshot!(drawn(&space), @"
    256dcbff0000 other-anonymous
    256dcc000000 go-arena
    256dcc400000 go-arena
    256dd3000000 go-arena
    256dd4000000 other-anonymous
    7ffcfaaf3000 main-stack
    ");
}

#[test]
fn a_neighbour_that_the_kernel_merged_stays_with_the_arena() {
    // The arena is accessible to its end, and 64 KiB of another mapping follow in the same line.
    let space = space(
        "
256dcc000000-256dcc400000 ---p 00000000 00:00 0
256dcc400000-256dd0010000 rw-p 00000000 00:00 0
7ffcfaaf3000-7ffcfab14000 rw-p 00000000 00:00 0    [stack]
",
    );
    assert_eq!(space.class_total(RegionClass::GoArena).mappings, 2);
    assert_eq!(space.arena_rw_size(), (60 << 20) + (64 << 10));
}

#[test]
fn shadow_memory_of_sanitizers_is_no_arena() {
    // The race detector's Go layout: heap at 0xc000000000, shadow from 0x200000000000.
    let race = space(
        "
c000000000-c000400000 rw-p 00000000 00:00 0
c000400000-c004000000 ---p 00000000 00:00 0
200000000000-210000000000 rw-p 00000000 00:00 0
300000000000-320000000000 rw-p 00000000 00:00 0
7ffcfaaf3000-7ffcfab14000 rw-p 00000000 00:00 0    [stack]
",
    );
    assert_eq!(race.arena_rw_size(), 4 << 20);
    // AddressSanitizer's high shadow begins and ends between multiples of 64 MiB.
    let address = space(
        "
02008fff7000-10007fff8000 rw-p 00000000 00:00 0
7ffcfaaf3000-7ffcfab14000 rw-p 00000000 00:00 0    [stack]
",
    );
    assert_eq!(address.arena_rw_size(), 0);
}

#[test]
fn aligned_memory_where_mmap_puts_it_is_no_arena_of_go() {
    let space = space(
        "
00400000-00744000 r-xp 00000000 fe:00 7    /srv/app
7f6098000000-7f60a0000000 rw-p 00000000 00:00 0
7ffcfaaf3000-7ffcfab14000 rw-p 00000000 00:00 0    [stack]
",
    );
    assert_eq!(space.arena_rw_size(), 0);
    assert_eq!(space.class_total(RegionClass::CArena).mappings, 0);
    assert_eq!(
        space.class_total(RegionClass::OtherAnonymous).size,
        128 << 20
    );
}

#[test]
fn a_position_independent_binary_with_libraries() {
    let space = space(
        "
5581f0a00000-5581f0a20000 r--p 00000000 fe:00 7    /srv/my app
5581f0a20000-5581f0e20000 r-xp 00020000 fe:00 7    /srv/my app
5581f0e20000-5581f0e30000 rw-p 00420000 fe:00 7    /srv/my app
5581f0e30000-5581f0e60000 rw-p 00000000 00:00 0
5581f1000000-5581f1021000 rw-p 00000000 00:00 0    [heap]
7f0000000000-7f0000100000 r-xp 00000000 fe:00 8    /lib/libc.so.6
7f0000100000-7f0000110000 rw-p 00100000 fe:00 8    /lib/libc.so.6
7f0000110000-7f0000120000 rw-p 00000000 00:00 0
7f0000200000-7f0000210000 r-xp 00000000 fe:00 9    /usr/bin/other
7ffcfaaf3000-7ffcfab14000 rw-p 00000000 00:00 0    [stack]
7ffcfab20000-7ffcfab22000 r-xp 00000000 00:00 0    [vdso]
",
    );
    insta::assert_snapshot!(drawn(&space), @"
    5581f0a00000 binary-text
    5581f0a20000 binary-text
    5581f0e20000 binary-data
    5581f0e30000 binary-bss
    5581f1000000 c-heap
    7f0000000000 library-file
    7f0000100000 library-file
    7f0000110000 other-anonymous
    7f0000200000 file-mapped
    7ffcfaaf3000 main-stack
    7ffcfab20000 kernel
    ");
}

#[test]
fn a_deleted_binary_is_still_the_binary() {
    let text = "
00400000-00744000 r-xp 00000000 fe:00 7    /srv/app (deleted)
00744000-00745000 rw-p 00344000 fe:00 7    /srv/app (deleted)
00745000-00800000 rw-p 00000000 00:00 0
01000000-01100000 r-xp 00000000 fe:00 8    /srv/plugin
";
    let hints = Hints {
        exe: Some("/srv/app (deleted)"),
        ..Hints::default()
    };
    let space = space_with(text, &hints);
    assert_eq!(space.exe(), Some("/srv/app"));
    assert_eq!(space.class_total(RegionClass::BinaryBss).size, 0xbb000);
    let files = space.files();
    assert_eq!(
        (files[1].path.as_str(), files[1].deleted),
        ("/srv/plugin", false)
    );
    assert!(files[0].deleted);
    // A hint that no mapping bears out does not count.
    let wrong = Hints {
        exe: Some("/proc/self/exe"),
        ..Hints::default()
    };
    assert_eq!(space_with(text, &wrong).exe(), Some("/srv/app"));
}

#[test]
fn shared_memory_in_all_its_forms() {
    let space = space_with(
        "
00400000-00744000 r-xp 00000000 fe:00 7            /srv/app
7f0000000000-7f0000100000 rw-s 00000000 00:01 11   /memfd:buffers (deleted)
7f0000100000-7f0000200000 rw-s 00000000 00:01 12   /dev/zero (deleted)
7f0000200000-7f0000300000 rw-s 00000000 00:01 13   /SYSV0000abcd (deleted)
7f0000300000-7f0000400000 rw-s 00000000 00:1b 14   /dev/shm/a\\012b
7f0000400000-7f0000500000 rw-s 00000000 00:2c 15   /cache/volume/file
7f0000500000-7f0000600000 r--s 00000000 fe:00 16   /data/index
7f0000600000-7f0000700000 rw-p 00000000 00:05 17   /dev/zero
7f0000800000-7f0000a00000 rw-p 00000000 00:0e 18   /anon_hugepage (deleted)
",
        &Hints {
            exe: None,
            tmpfs_devices: &[(0, 0x2c)],
        },
    );
    let names: Vec<_> = space
        .shared_memory()
        .into_iter()
        .map(|file| (file.path, file.deleted))
        .collect();
    assert_eq!(
        names,
        [
            ("/SYSV0000abcd".to_owned(), true),
            ("/cache/volume/file".to_owned(), false),
            ("/dev/shm/a\nb".to_owned(), false),
            ("/dev/zero".to_owned(), true),
            ("/memfd:buffers".to_owned(), true),
        ]
    );
    assert_eq!(space.class_total(RegionClass::FileMapped).mappings, 1);
    assert_eq!(space.class_total(RegionClass::OtherAnonymous).mappings, 2);
}

#[test]
fn guards_make_stacks_only_of_a_stack_s_size() {
    let at = |guard: u64, size: u64| {
        let start = 0x7f12_3400_1000u64;
        let text = format!(
            "{:x}-{:x} ---p 00000000 00:00 0\n{:x}-{:x} rw-p 00000000 00:00 0\n",
            start - guard,
            start,
            start,
            start + size
        );
        space(&text).class_total(RegionClass::ThreadStack).mappings
    };
    assert_eq!(at(4096, 8 << 20), 2);
    assert_eq!(at(64 << 10, 2 << 20), 2);
    assert_eq!(at(4096, 16 << 10), 0);
    assert_eq!(at(1 << 20, 8 << 20), 0);
    assert_eq!(at(4096, 300 << 20), 0);
}

#[test]
fn go_s_page_summaries_are_no_stacks() {
    // An island of accessible summaries near the end of its reservation leaves a small rest,
    // which looks like a guard of what follows.
    let space = space(
        "
7efea3b9e000-7efea3cfc000 ---p 00000000 00:00 0
7efea3cfc000-7efea3cfd000 rw-p 00000000 00:00 0
7efea3cfd000-7efea3cfe000 ---p 00000000 00:00 0
7efea3cfe000-7efea3d5e000 rw-p 00000000 00:00 0
",
    );
    assert_eq!(space.class_total(RegionClass::ThreadStack).mappings, 0);
    assert_eq!(space.off_heap_rw_size(), 0x61000);
}

#[test]
fn many_large_stacks_of_one_size_are_stacks() {
    let text = "
7f1200000000-7f1200001000 ---p 00000000 00:00 0
7f1200001000-7f1204001000 rw-p 00000000 00:00 0
7f1204001000-7f1204002000 ---p 00000000 00:00 0
7f1204002000-7f1208002000 rw-p 00000000 00:00 0
";
    assert_eq!(
        space(text).class_total(RegionClass::ThreadStack).mappings,
        4
    );
}

#[test]
fn swap_huge_pages_and_hugetlbfs_are_counted() {
    let text = b"\
c000000000-c004000000 rw-p 00000000 00:00 0
Rss:                4096 kB
Pss:                4096 kB
Private_Dirty:      4096 kB
AnonHugePages:      2048 kB
Swap:               8192 kB
SwapPss:            8192 kB
VmFlags: rd wr mr mw me ac hg
7f0000000000-7f0000400000 rw-s 00000000 00:0e 18   /dev/hugepages/pool
Rss:                   0 kB
Pss:                   0 kB
Private_Dirty:         0 kB
AnonHugePages:         0 kB
Shared_Hugetlb:     4096 kB
Swap:                  0 kB
SwapPss:               0 kB
VmFlags: rd wr sh mr mw me ms de ht
";
    let mappings = smaps::parse(text, &Limits::default()).unwrap();
    assert!(mappings[1].vm_flags.contains("ht"));
    let space = AddressSpace::classify(mappings, None);
    let memory = space.process_memory().unwrap();
    assert_eq!((memory.rss, memory.swap), (4 << 20, 8 << 20));
    assert_eq!((memory.anon_huge_pages, memory.hugetlb), (2 << 20, 4 << 20));
    assert_eq!(space.class_total(RegionClass::GoArena).memory.swap, 8 << 20);
}

#[test]
fn an_address_space_without_anything() {
    let space = AddressSpace::classify(Vec::new(), None);
    assert_eq!(space.total().mappings, 0);
    assert_eq!(space.process_memory(), None);
    assert!(space.totals().is_empty() && space.files().is_empty());
}
