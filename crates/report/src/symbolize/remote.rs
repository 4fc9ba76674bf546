//! The protocol of `/symbol`: asking the server of a profile for names.
//!
//! A POST of addresses, `0x1000+0x2000`, is answered by a line for each that is known,
//! `0x1000 main.main` (internal/symbolz/symbolz.go of github.com/google/pprof, and `Symbol`
//! in net/http/pprof/pprof.go, as Go 1.27 has them).

use std::fmt::Write as _;

use fathom_profile::load::with_mapping_files;
use fathom_profile::naming::Naming;
use fathom_profile::{Defects, Line, LocationId, MappingId, Profile, Symbolization};
use hashbrown::HashMap;

use super::wanted::scheme;

/// What keeps addresses from being named by a server.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SymbolError {
    /// An address is none of the server's.
    #[error("cannot adjust address {address} by {offset}, it would overflow")]
    Overflow {
        /// The address.
        address: u64,
        /// What is added to the profile's addresses for those of the server.
        offset: i64,
    },
}

/// The server that a mapping came from.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Server {
    url: String,
    /// Where the mapping begins in the server's process.
    start: u64,
}

/// Which mappings came from which servers, by build id or else by file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Servers {
    by_key: HashMap<String, Vec<Server>>,
}

impl Servers {
    /// Notes that a profile came from a URL. Mappings with neither build id nor file are
    /// given the URL for their file, by which they stay apart from those of other profiles
    /// in a merge; [`Servers::without_urls`] takes it away again.
    ///
    /// # Errors
    ///
    /// When there is no room for another string in the profile.
    pub fn collect(profile: Profile, url: &str) -> Result<(Profile, Self), fathom_profile::Error> {
        let mut servers = Self::default();
        let mut nameless = Vec::new();
        for (index, mapping) in profile.mappings().iter().enumerate() {
            let (build_id, file) = (profile.text(mapping.build_id), profile.text(mapping.file));
            let key = match (build_id, file) {
                ("", "") => {
                    nameless.extend(MappingId::from_index(index).map(|id| (id, url)));
                    url
                }
                ("", file) => file,
                (build_id, _) => build_id,
            };
            servers
                .by_key
                .entry(key.to_owned())
                .or_default()
                .push(Server {
                    url: url.to_owned(),
                    start: mapping.start,
                });
        }
        Ok((with_mapping_files(profile, nameless)?, servers))
    }

    /// Adds the servers of another profile behind these.
    pub fn append(&mut self, others: Self) {
        for (key, servers) in others.by_key {
            self.by_key.entry(key).or_default().extend(servers);
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }

    /// Returns a profile without the URLs that stand for the files of mappings. The tool
    /// takes the drive in `C:\app.exe` for a scheme, too.
    ///
    /// # Errors
    ///
    /// None that is known: nothing is added to the profile.
    pub fn without_urls(
        profile: Profile,
        defects: Defects,
    ) -> Result<Profile, fathom_profile::Error> {
        let urls: Vec<(MappingId, &str)> = profile
            .mappings()
            .iter()
            .enumerate()
            .filter(|(_, mapping)| mapping.build_id.is_empty())
            .filter(|(_, mapping)| {
                let scheme = scheme(profile.text(mapping.file));
                scheme.is_some_and(|scheme| scheme.len() > 1 || defects == Defects::AsPprof)
            })
            .filter_map(|(index, _)| Some((MappingId::from_index(index)?, "")))
            .collect();
        with_mapping_files(profile, urls)
    }

    fn of<'a>(&'a self, file: &str, build_id: &str) -> impl Iterator<Item = &'a Server> {
        let by_file = self.by_key.get(file).into_iter();
        let by_id = (!build_id.is_empty()).then(|| self.by_key.get(build_id));
        by_file.chain(by_id.flatten()).flatten()
    }
}

/// The unnamed addresses of a mapping, and whom to ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// The mapping.
    pub mapping: MappingId,
    /// The URL of the server's `/symbol`.
    pub url: String,
    /// The locations, with their addresses as the server has them.
    asked: Vec<(LocationId, u64)>,
}

/// Lists what is to be asked: for each mapping without functions, or for each at all if
/// `force`, the addresses without lines. `symbol_url` makes the URL of `/symbol` from that
/// of a profile, if there may be one.
///
/// # Errors
///
/// [`SymbolError::Overflow`] for an address that the server cannot have.
pub fn queries(
    profile: &Profile,
    servers: &Servers,
    force: bool,
    symbol_url: impl Fn(&str) -> Option<String>,
) -> Result<Vec<Query>, SymbolError> {
    let mut queries = Vec::new();
    for (index, mapping) in profile.mappings().iter().enumerate() {
        if mapping.symbols.functions && !force {
            continue;
        }
        let (file, build_id) = (profile.text(mapping.file), profile.text(mapping.build_id));
        let asked = servers
            .of(file, build_id)
            .find_map(|server| Some((symbol_url(&server.url)?, server.start)));
        let (Some((url, start)), Some(mapping_id)) = (asked, MappingId::from_index(index)) else {
            continue;
        };
        let offset = start.wrapping_sub(mapping.start).cast_signed();
        let asked: Vec<(LocationId, u64)> = profile
            .location_ids()
            .filter(|&id| {
                profile.location_mapping(id) == Some(mapping_id)
                    && profile.address(id) != 0
                    && profile.line_count(id) == 0
            })
            .map(|id| Ok((id, shifted(profile.address(id), offset)?)))
            .collect::<Result<_, SymbolError>>()?;
        queries.push(Query {
            mapping: mapping_id,
            url,
            asked,
        });
    }
    Ok(queries)
}

fn shifted(address: u64, offset: i64) -> Result<u64, SymbolError> {
    address
        .checked_add_signed(offset)
        .ok_or(SymbolError::Overflow { address, offset })
}

impl Query {
    /// Writes the addresses as they are asked for, `0x1000+0x2000`, at most `most` of them
    /// in one text.
    pub fn bodies(&self, most: usize) -> impl ExactSizeIterator<Item = String> {
        self.asked.chunks(most.max(1)).map(|some| {
            let mut body = String::new();
            for (_, address) in some {
                let separator = if body.is_empty() { "" } else { "+" };
                // Writing to a string does not fail.
                let _ = write!(body, "{separator}{address:#x}");
            }
            body
        })
    }

    /// Puts the names that the server answered with into the profile, from the answers to
    /// all of [`Query::bodies`] or some. Returns how many locations have one.
    ///
    /// # Errors
    ///
    /// When the profile grows past a limit of `naming`.
    pub fn assign(
        &self,
        naming: &mut Naming,
        bodies: &[Vec<u8>],
        defects: Defects,
    ) -> Result<usize, fathom_profile::Error> {
        let mut by_address = HashMap::new();
        for body in bodies {
            for (address, name) in answers(body, defects) {
                let function = naming.function(&name, &name, "", 0)?;
                let line = Line {
                    function: Some(function),
                    line: 0,
                    column: 0,
                };
                by_address.insert(address, naming.lines(&[line])?);
            }
        }
        let mut count = 0;
        for (location, address) in &self.asked {
            if let Some(&lines) = by_address.get(address) {
                naming.assign(*location, lines);
                count += 1;
            }
        }
        let known = Symbolization {
            functions: true,
            ..Symbolization::default()
        };
        naming.add_symbols(self.mapping, known);
        Ok(count)
    }
}

/// Reads an answer: its addresses and names. Lines that are something else, as
/// `num_symbols: 1`, are passed over.
///
/// The tool also passes over a last line that is not ended, and keeps a carriage return.
pub fn answers(body: &[u8], defects: Defects) -> Vec<(u64, String)> {
    let mut found = Vec::new();
    for line in body.split_inclusive(|&byte| byte == b'\n') {
        let line = match line.strip_suffix(b"\n") {
            Some(line) => line,
            None if defects == Defects::AsPprof => break,
            None => line,
        };
        let Some((address, mut name)) = answer(&String::from_utf8_lossy(line)) else {
            continue;
        };
        if defects == Defects::Corrected && name.ends_with('\r') {
            name.pop();
        }
        found.push((address, name));
    }
    found
}

/// Finds the first hexadecimal number that white space follows, and takes the rest for a
/// name.
fn answer(line: &str) -> Option<(u64, String)> {
    for (at, _) in line.match_indices("0x") {
        let rest = line.get(at + 2..)?;
        let end = rest
            .find(|character: char| !character.is_ascii_hexdigit())
            .unwrap_or(rest.len());
        let (digits, behind) = rest.split_at(end);
        let is_space = |character: char| matches!(character, ' ' | '\t' | '\r' | '\u{c}');
        let name = behind.trim_start_matches(is_space);
        if digits.is_empty() || name.len() == behind.len() {
            continue;
        }
        let address = u64::from_str_radix(digits, 16).ok()?;
        return Some((address, name.to_owned()));
    }
    None
}

#[cfg(test)]
mod tests {
    use fathom_profile::{Limits, Mapping, ProfileBuilder, StringId};

    use super::*;

    fn bare(file: &str, start: u64, addresses: &[u64]) -> Profile {
        let mut builder = ProfileBuilder::new(&Limits::default());
        builder.add_sample_type("samples", "count").unwrap();
        let mapping = Mapping {
            start,
            limit: 0,
            offset: 0,
            file: builder.string(file).unwrap(),
            build_id: StringId::EMPTY,
            symbols: Symbolization::default(),
        };
        let mapping = Some(builder.add_mapping(mapping).unwrap());
        let stack: Vec<LocationId> = addresses
            .iter()
            .map(|&address| builder.location(address, mapping, &[], false).unwrap())
            .collect();
        builder.add_sample(&stack, &[1], &[]).unwrap();
        builder.finish()
    }

    #[test]
    fn answers_are_read_as_the_tool_reads_them() {
        let body = b"num_symbols: 1\n0x10 main.f\nsee 0x20\t a b \n0xzz c\n0x0x30 d\r\n0x40 e";
        let both = |defects| answers(body, defects);
        let theirs = [(0x10, "main.f"), (0x20, "a b "), (0x30, "d\r")];
        let theirs = theirs.map(|(address, name)| (address, name.to_owned()));
        assert_eq!(both(Defects::AsPprof), theirs);
        let ours = both(Defects::Corrected);
        assert_eq!(ours[2..], [(0x30, "d".to_owned()), (0x40, "e".to_owned())]);
        assert_eq!(answers(b"0x11111111111111111 f\n", Defects::AsPprof), []);
    }

    #[test]
    fn a_server_is_asked_for_its_own_addresses() {
        let url = "http://h/debug/pprof/heap";
        let profile = bare("", 0x1000, &[0x1010, 0, 0x1020, 0x1030]);
        let (profile, servers) = Servers::collect(profile, url).unwrap();
        assert_eq!(profile.text(profile.mappings()[0].file), url);
        // The mapping of a merged profile is that of its first part.
        let mut all = Servers::collect(bare("", 0x5000, &[]), url).unwrap().1;
        all.append(servers);
        let symbol = |url: &str| url.strip_suffix("heap").map(|url| format!("{url}symbol"));
        let found = queries(&profile, &all, false, symbol).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].url, "http://h/debug/pprof/symbol");
        let asked: Vec<String> = found[0].bodies(2).collect();
        assert_eq!(asked, ["0x5010+0x5020", "0x5030"]);

        let mut naming = Naming::new(profile.clone(), &Limits::default());
        let bodies = [b"0x5010 a\n0x5020 b\n".to_vec(), b"0x9999 c\n".to_vec()];
        let count = found[0]
            .assign(&mut naming, &bodies, Defects::Corrected)
            .unwrap();
        assert_eq!(count, 2);
        let profile = Servers::without_urls(naming.finish().unwrap(), Defects::Corrected).unwrap();
        let functions: Vec<_> = profile.frames(0).map(|frame| frame.function).collect();
        assert_eq!(functions, ["a", "", "b", ""]);
        assert!(profile.mappings()[0].file.is_empty());
        assert!(profile.mappings()[0].symbols.functions);
        assert_eq!(queries(&profile, &all, false, symbol).unwrap(), []);
    }

    #[test]
    fn addresses_that_the_server_cannot_have_are_an_error() {
        let url = "http://h/debug/pprof/heap";
        let servers = Servers::collect(bare("app", 0, &[]), url).unwrap().1;
        let profile = bare("app", 0x1000, &[0x10]);
        let error = queries(&profile, &servers, false, |url| Some(url.to_owned()));
        assert_eq!(
            error.unwrap_err().to_string(),
            "cannot adjust address 16 by -4096, it would overflow"
        );
    }

    #[test]
    fn files_are_no_urls() {
        for (file, left) in [
            ("http://h/x", ""),
            ("unix:/run/s:/x", ""),
            ("C:/app.exe", "C:/app.exe"),
            ("/bin/app", "/bin/app"),
        ] {
            let profile = Servers::without_urls(bare(file, 0, &[]), Defects::Corrected).unwrap();
            assert_eq!(profile.text(profile.mappings()[0].file), left);
        }
    }
}
