//! Synthetic groups of both versions.

use super::*;

const V2_STAT: &str = "\
anon 104857600
file 62914560
kernel 8388608
kernel_stack 524288
pagetables 1048576
percpu 65536
sock 4096
shmem 20971520
file_mapped 5242880
file_dirty 1048576
file_writeback 0
anon_thp 2097152
inactive_anon 20971520
active_anon 104857600
inactive_file 31457280
active_file 10485760
unevictable 0
slab_reclaimable 3145728
slab_unreclaimable 2097152
slab 5242880
workingset_refault_anon 1
workingset_refault_file 77
pgfault 100
pgmajfault 5
";

fn v2(current: &str, max: &str) -> Cgroup {
    Cgroup::from_files(
        Version::V2,
        [
            ("/sys/fs/cgroup/a/memory.current", current.as_bytes()),
            ("memory.max", max.as_bytes()),
            ("memory.high", b"max\n"),
            ("memory.peak", b"200000000\n"),
            ("memory.swap.current", b"4096\n"),
            ("memory.swap.max", b"0\n"),
            (
                "memory.events",
                b"low 0\nhigh 3\nmax 12\noom 2\noom_kill 1\noom_group_kill 0\n",
            ),
            ("memory.stat", V2_STAT.as_bytes()),
            (
                "memory.pressure",
                b"some avg10=1.50 avg60=0.20 avg300=0.00 total=123456\nfull avg10=0.75 avg60=0.10 avg300=0.00 total=6543\n",
            ),
            ("cgroup.procs", b"1\n"),
        ],
    )
    .unwrap()
}

#[test]
fn version_2_as_a_whole() {
    let group = v2("176160768\n", "268435456\n");
    assert_eq!(group.current, Some(168 << 20));
    assert_eq!(group.limit, Some(Limit::Bytes(256 << 20)));
    assert_eq!(group.high, Some(Limit::Unlimited));
    assert_eq!(group.swap_limit, Some(Limit::Bytes(0)));
    assert_eq!(group.working_set(), Some(138 << 20));
    assert_eq!(group.page_cache(), Some(40 << 20));
    assert_eq!(group.reclaimable(), Some((30 + 10 - 1 + 3) << 20));
    assert_eq!(group.unreclaimable(), Some((168 - 42) << 20));
    assert_eq!(group.headroom(), Some(88 << 20));
    assert_eq!(group.kernel, Some(8 << 20));
    assert_eq!(group.identity().unwrap().gap(), -4096);
    assert_eq!(group.file_lists_gap(), Some(0));
    assert_eq!(group.anon_lists_gap(), Some(0));
    assert_eq!(group.charged_beyond(90 << 20), Some(78 << 20));
    assert_eq!(group.anon_beyond(110 << 20), Some(-(10 << 20)));
    let events = group.events.unwrap();
    assert_eq!(
        (events.high, events.max, events.oom, events.oom_kill),
        (3, 12, 2, 1)
    );
    let pressure = group.pressure.unwrap();
    assert!((pressure.some.avg10 - 1.5).abs() < 1e-9);
    assert_eq!(pressure.full.total, 6543);
    assert_eq!(group.stat.workingset_refault_file, Some(77));
}

#[test]
fn kernel_memory_before_linux_5_18_is_summed() {
    let old = V2_STAT.replace("kernel 8388608\n", "");
    let group = Cgroup::from_files(Version::V2, [("memory.stat", old.as_bytes())]).unwrap();
    assert_eq!(group.kernel, Some(5_242_880 + 524_288 + 1_048_576 + 65536));
}

#[test]
fn version_1_takes_the_totals() {
    let stat = b"cache 1\nrss 2\nshmem 3\ninactive_file 4\nhierarchical_memory_limit 9223372036854771712\n\
        total_cache 1000\ntotal_rss 2000\ntotal_shmem 300\ntotal_inactive_file 400\ntotal_active_file 290\n";
    let group = Cgroup::from_files(
        Version::V1,
        [
            ("memory.usage_in_bytes", b"5000\n".as_slice()),
            ("memory.limit_in_bytes", b"9223372036854771712\n"),
            (
                "memory.oom_control",
                b"oom_kill_disable 0\nunder_oom 0\noom_kill 4\n",
            ),
            ("memory.stat", stat),
        ],
    )
    .unwrap();
    assert_eq!(group.stat.anon, Some(2000));
    assert_eq!(group.stat.file, Some(1000));
    assert_eq!(group.page_cache(), Some(700));
    assert_eq!(group.working_set(), Some(4600));
    assert_eq!(group.file_lists_gap(), Some(-10));
    assert_eq!(group.limit, Some(Limit::Unlimited));
    assert_eq!(group.events.unwrap().oom_kill, 4);
    assert_eq!(group.headroom(), None);
}

#[test]
fn version_1_without_hierarchy_takes_its_own_keys() {
    let stat = CgroupStat::parse(b"cache 10\nrss 20\nmapped_file 5\ninactive_file 4\n").unwrap();
    assert_eq!(
        (stat.anon, stat.file, stat.file_mapped),
        (Some(20), Some(10), Some(5))
    );
}

#[test]
fn a_parent_may_bind_first() {
    let groups = levels([
        (
            "/sys/fs/cgroup/pod/app/memory.current",
            b"104857600\n".as_slice(),
        ),
        ("/sys/fs/cgroup/pod/app/memory.max", b"536870912\n"),
        ("/sys/fs/cgroup/pod/memory.current", b"262144000\n"),
        ("/sys/fs/cgroup/pod/memory.max", b"314572800\n"),
        ("/sys/fs/cgroup/memory.stat", b"anon 1\n"),
    ])
    .unwrap();
    assert_eq!(groups.len(), 2);
    assert_eq!(groups[0].path, "/sys/fs/cgroup/pod/app");
    let binding = nearest_limit(&groups, Some(8 << 30)).unwrap();
    assert_eq!((binding.level, binding.limit), (1, 300 << 20));
    assert_eq!(binding.headroom(), Some(50 << 20));
    assert_eq!(
        groups[0].effective_limit(Some(8 << 30), &groups[1..]),
        Limit::Bytes(300 << 20)
    );
}

#[test]
fn a_limit_above_the_host_is_none() {
    let group = v2("1000\n", "17179869184\n");
    assert_eq!(group.effective_limit(Some(8 << 30), &[]), Limit::Unlimited);
    assert_eq!(
        nearest_limit(std::slice::from_ref(&group), Some(8 << 30)),
        None
    );
    assert_eq!(group.effective_limit(None, &[]), Limit::Bytes(16 << 30));
}

#[test]
fn version_1_knows_limits_of_invisible_ancestors() {
    let group = Cgroup::from_files(
        Version::V1,
        [
            ("memory.limit_in_bytes", b"9223372036854771712\n".as_slice()),
            ("memory.stat", b"hierarchical_memory_limit 1048576\n"),
        ],
    )
    .unwrap();
    assert_eq!(group.effective_limit(None, &[]), Limit::Bytes(1 << 20));
}

const HYBRID_MOUNTS: &[u8] = b"\
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:7 - cgroup cgroup rw,memory
40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,name=systemd
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
42 31 254:0 / /srv/a\\040b rw - ext4 /dev/vda rw
";

#[test]
fn a_hybrid_system_has_its_memory_in_version_1() {
    let membership = parse_membership(b"4:memory:/box/one\n1:cpu,cpuacct:/\n0::/\n").unwrap();
    assert_eq!(membership.memory_v1.as_deref(), Some("/box/one"));
    assert_eq!(membership.v2.as_deref(), Some("/"));
    let mounts = Mounts::parse(HYBRID_MOUNTS).unwrap();
    assert_eq!(mounts.tmpfs_devices, [(0, 28)]);
    let files = files_to_read(&membership, &mounts);
    assert_eq!(files.len(), 3 * FILES_V1.len());
    assert_eq!(
        files[0],
        "/sys/fs/cgroup/memory/box/one/memory.usage_in_bytes"
    );
    assert_eq!(
        files[FILES_V1.len()],
        "/sys/fs/cgroup/memory/box/memory.usage_in_bytes"
    );
    assert_eq!(files[files.len() - 1], "/sys/fs/cgroup/memory/memory.stat");
}

#[test]
fn a_container_sees_its_group_at_the_mount_point() {
    let mounts =
        Mounts::parse(b"35 31 0:32 /kubepods/pod1/c1 /sys/fs/cgroup ro - cgroup2 cgroup rw\n")
            .unwrap();
    let at = |group: &str| {
        files_to_read(
            &Membership {
                v2: Some(group.to_owned()),
                memory_v1: None,
            },
            &mounts,
        )
    };
    assert_eq!(at("/kubepods/pod1/c1")[0], "/sys/fs/cgroup/memory.current");
    assert_eq!(
        at("/kubepods/pod1/c1/x")[0],
        "/sys/fs/cgroup/x/memory.current"
    );
    assert!(at("/kubepods/pod1/c11").is_empty());
    assert!(at("/../other").is_empty());
}

#[test]
fn mount_points_with_blanks() {
    let mounts = Mounts::parse(b"35 31 0:32 / /a\\040b\\134c rw - cgroup2 none rw\n").unwrap();
    assert_eq!(mounts.cgroups[0].mount_point, "/a b\\c");
}

#[test]
fn what_is_not_of_the_form() {
    assert_eq!(
        parse_membership(b"hello\n").unwrap_err().to_string(),
        "cgroup line 1: expected `id:controllers:path`"
    );
    assert!(Mounts::parse(b"1 2 3\n").is_err());
    assert!(Cgroup::from_files(Version::V2, [("memory.current", b"max\n".as_slice())]).is_err());
    assert_eq!(
        Cgroup::from_files(
            Version::V2,
            [("memory.stat", b"anon 1\nfile x\n".as_slice())]
        )
        .unwrap_err()
        .to_string(),
        "cgroup memory file line 2: expected a key and a number"
    );
    assert!(Pressure::parse(b"some avg10=nan avg60=0 avg300=0 total=0\n").is_err());
    assert!(Cgroup::from_combined_text(b"hello world\n").is_err());
}
