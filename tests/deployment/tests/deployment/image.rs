//! The image: what it is built from, and whether the binary runs with nothing but what will be in it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use fanfare_cluster::{eventually, fanfare, http_client};
use fanfare_servers::free_port;

use crate::asking::{repository, text};
use crate::chart::{SERVICES, example};

/// The user of the image, whom the chart names too.
const USER: &str = "65532";
/// What `distroless/cc` brings: the C library in its parts, its loader, and the compiler's support library.
const LIBRARIES: [&str; 8] = [
    "libc.so.6",
    "libm.so.6",
    "libdl.so.2",
    "libpthread.so.0",
    "librt.so.1",
    "libresolv.so.2",
    "libgcc_s.so.1",
    "ld-linux",
];

/// An instruction's arguments, each time that it comes.
fn instructions<'a>(dockerfile: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    dockerfile.lines().filter_map(move |line| line.strip_prefix(name)?.strip_prefix(' '))
}

#[test]
fn the_image_is_built_with_our_compiler_and_our_lock() {
    let dockerfile = text("deploy/Dockerfile");
    let toolchain: toml::Table = toml::from_str(&text("rust-toolchain.toml")).expect("TOML");
    let version = toolchain["toolchain"]["channel"].as_str().expect("a version");
    let builder = instructions(&dockerfile, "FROM").next().expect("a stage");
    assert_eq!(builder, format!("rust:{version}-bookworm AS tools"));
    let builds = instructions(&dockerfile, "RUN").filter(|run| run.contains("--release"));
    assert_eq!(builds.filter(|run| run.contains("--locked --package fanfare-server")).count(), 2);
}

#[test]
fn the_image_is_small_and_nobody_in_it_is_root() {
    let dockerfile = text("deploy/Dockerfile");
    let last = dockerfile.rsplit("\nFROM ").next().expect("a stage");
    assert!(last.starts_with("gcr.io/distroless/cc-debian12:nonroot\n"), "{last}");
    assert_eq!(instructions(last, "USER").collect::<Vec<_>>(), [format!("{USER}:{USER}")]);
    let placed = instructions(last, "COPY").find_map(|copy| copy.strip_prefix("--from=build ")).expect("the binary");
    let (built, place) = placed.split_once(' ').expect("from and to");
    assert_eq!(built, "/src/target/release/fanfare");
    assert_eq!(instructions(last, "ENTRYPOINT").collect::<Vec<_>>(), [format!("[\"{place}\"]")]);
    for service in SERVICES {
        assert_eq!(example("default").pod(service)["securityContext"]["runAsUser"].to_string(), USER);
    }
}

/// Cargo understands the workspace with what `.dockerignore` lets through, and what is copied by name is there.
#[test]
fn what_is_built_from_is_not_ignored() {
    let ignored: Vec<String> = text(".dockerignore").lines().map(ToOwned::to_owned).collect();
    let is_ignored = |path: &Path| {
        ignored.iter().any(|pattern| match pattern.strip_prefix("**/") {
            Some(name) if name.starts_with('*') => {
                path.extension().is_some_and(|found| name[1..] == format!(".{}", found.display()))
            }
            Some(name) => path.file_name().is_some_and(|found| found == name),
            None => path == Path::new(pattern),
        })
    };
    let dockerfile = text("deploy/Dockerfile");
    let from_here = instructions(&dockerfile, "COPY").filter(|copy| !copy.starts_with("--from") && *copy != ". .");
    for copied in from_here.map(|copy| copy.split(' ').next().expect("a source")) {
        assert!(repository().join(copied).exists() && !is_ignored(Path::new(copied)), "{copied}");
    }
    let context = tempfile::tempdir().expect("a folder");
    copy(&repository(), Path::new(""), context.path(), &is_ignored);
    let understood = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline", "--locked"])
        .current_dir(context.path())
        .output()
        .expect("cargo runs");
    assert!(understood.status.success(), "{}", String::from_utf8_lossy(&understood.stderr));
    for needed in ["proto/fanfare/v1/publisher.proto", "crates/postgres/migrations", "crates/server/src/main.rs"] {
        assert!(context.path().join(needed).exists(), "{needed} is ignored");
    }
}

fn copy(from: &Path, path: &Path, to: &Path, is_ignored: &impl Fn(&Path) -> bool) {
    for entry in fs::read_dir(from.join(path)).expect("a folder") {
        let entry = entry.expect("readable");
        let path = path.join(entry.file_name());
        let kind = entry.file_type().expect("a kind");
        if is_ignored(&path) || path == Path::new("target") {
            continue;
        }
        if kind.is_dir() {
            fs::create_dir(to.join(&path)).expect("made");
            copy(from, &path, to, is_ignored);
        } else if kind.is_file() {
            fs::copy(from.join(&path), to.join(&path)).expect("copied");
        }
    }
}

/// The shared libraries that the binary is loaded with.
fn libraries() -> Vec<PathBuf> {
    let listed = Command::new("ldd").arg(fanfare()).output().expect("ldd is part of the C library");
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    assert!(!listed.contains("not found"), "{listed}");
    let paths = listed.split_whitespace().filter(|word| word.starts_with('/'));
    paths.map(PathBuf::from).collect()
}

#[test]
fn the_binary_needs_no_library_that_the_image_lacks() {
    for path in libraries() {
        let name = path.file_name().expect("a file").to_string_lossy().into_owned();
        assert!(LIBRARIES.iter().any(|known| name.starts_with(known)), "{} is not in the image", path.display());
    }
}

/// A folder with what the image has, as far as the binary can notice, and what a cluster puts beside it.
fn bare_root() -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a folder");
    let put = |path: &Path| {
        let to = root.path().join(path.strip_prefix("/").expect("absolute"));
        fs::create_dir_all(to.parent().expect("a folder")).expect("made");
        to
    };
    fs::copy(fanfare(), put(Path::new("/usr/local/bin/fanfare"))).expect("copied");
    for library in libraries() {
        fs::copy(&library, put(&library)).expect("copied");
    }
    let authorities = Path::new("/etc/ssl/certs/ca-certificates.crt");
    if authorities.exists() {
        fs::copy(authorities, put(authorities)).expect("copied");
    }
    fs::write(put(Path::new("/etc/passwd")), "nonroot:x:65532:65532::/home/nonroot:/sbin/nologin\n").expect("written");
    fs::write(put(Path::new("/etc/resolv.conf")), "nameserver 127.0.0.1\n").expect("written");
    // A volume; the rest belongs to another user than the process.
    fs::create_dir(root.path().join("data")).expect("made");
    fs::set_permissions(root.path().join("data"), fs::Permissions::from_mode(0o1777)).expect("opened");
    fs::set_permissions(root.path(), fs::Permissions::from_mode(0o755)).expect("opened");
    root
}

/// How this machine lets a process have another root: a user's own namespace, or by being root.
fn with_root(root: &Path) -> Option<Vec<String>> {
    let root = root.display();
    let ways = [
        format!("unshare --user --map-user={USER} --map-group={USER} --root={root} --wd=/"),
        format!("chroot --userspec={USER}:{USER} {root}"),
    ];
    ways.into_iter().map(|way| way.split(' ').map(ToOwned::to_owned).collect::<Vec<_>>()).find(|way| {
        let tried = Command::new(&way[0]).args(&way[1..]).args(["/usr/local/bin/fanfare", "--version"]).output();
        tried.is_ok_and(|tried| tried.status.success())
    })
}

/// All services at once: what any of them needs of its machine is there.
#[tokio::test(flavor = "multi_thread")]
async fn the_binary_runs_with_what_the_image_has() {
    let root = bare_root();
    let Some(way) = with_root(root.path()) else {
        // The libraries were checked by name in any case.
        eprintln!("skipped: neither user namespaces nor root are to be had here");
        return;
    };
    let admin = format!("127.0.0.1:{}", free_port());
    let log = fs::File::create(root.path().join("log")).expect("made");
    let mut process = tokio::process::Command::new(&way[0])
        .args(&way[1..])
        .args(["/usr/local/bin/fanfare", "standalone"])
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("FANFARE_DATA_DIR", "/data")
        .env("FANFARE_ADMIN_ADDR", &admin)
        .env("FANFARE_HTTP_ADDR", format!("127.0.0.1:{}", free_port()))
        .env("FANFARE_GRPC_ADDR", format!("127.0.0.1:{}", free_port()))
        .stdin(Stdio::null())
        .stderr(log)
        .kill_on_drop(true)
        .spawn()
        .expect("it starts");
    let http = http_client();
    let said = || fs::read_to_string(root.path().join("log")).unwrap_or_default();
    eventually("it is ready", Duration::from_secs(30), || async {
        let answer = http.get(format!("http://{admin}/readyz")).send().await.ok();
        if answer.is_some_and(|answer| answer.status().is_success()) { Some(()) } else { ended(&said()) }
    })
    .await;
    let pid = process.id().expect("it runs").to_string();
    Command::new("kill").args(["-TERM", &pid]).status().expect("a signal is sent");
    let status = tokio::time::timeout(Duration::from_secs(40), process.wait()).await;
    assert!(status.expect("it ends").expect("known").success(), "{}", said());
}

/// A process that cannot start says why, and there is nothing to wait for.
fn ended(log: &str) -> Option<()> {
    assert!(!log.contains("cannot"), "{log}");
    None
}
