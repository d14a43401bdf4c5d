//! Images of container registries (apis.md §10): what a tag names, for which platforms, and which
//! commit it was built from.

use std::fmt;
use std::sync::Arc;

use super::kubernetes::Meta;
use super::{Name, ObjectId};
use crate::safe;
use crate::text::Safe;

/// `sha256:9f2c…`: what a registry keeps never changes under it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(Arc<str>);

impl Digest {
    /// `None` where it is none: algorithm and hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (algorithm, hex) = text.split_once(':')?;
        let known = match algorithm {
            "sha256" => hex.len() == 64,
            "sha512" => hex.len() == 128,
            _ => false,
        };
        let plain = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        (known && hex.bytes().all(plain)).then(|| Self(Arc::from(text)))
    }

    /// Of a pod's `imageID`: `ghcr.io/shop/checkout@sha256:…`, `docker-pullable://…@sha256:…`, or the
    /// digest alone.
    #[must_use]
    pub fn of_image_id(text: &str) -> Option<Self> {
        Self::parse(text.rsplit_once('@').map_or(text, |(_, digest)| digest))
    }

    #[must_use]
    pub fn raw(&self) -> &str {
        &self.0
    }

    /// `sha256:9f2c1a0b4d5e`, as tools write it where there is little room.
    #[must_use]
    pub fn short(&self) -> Safe {
        let (algorithm, hex) = self.0.split_once(':').unwrap_or(("", &self.0));
        safe!("{}:{}", Safe::line(algorithm), Safe::line(hex.get(..12).unwrap_or(hex)))
    }
}

/// `linux/amd64`, `linux/arm64/v8`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Platform {
    os: Name,
    architecture: Name,
    variant: Option<Name>,
}

impl Platform {
    #[must_use]
    pub fn new(os: &str, architecture: &str, variant: Option<&str>) -> Self {
        Self {
            os: Name::new(os),
            architecture: Name::new(architecture),
            variant: variant.filter(|variant| !variant.is_empty()).map(Name::new),
        }
    }

    /// Of `os/architecture` or `os/architecture/variant`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('/');
        let (os, architecture, variant) = (parts.next()?, parts.next()?, parts.next());
        let whole = !os.is_empty() && !architecture.is_empty() && parts.next().is_none();
        whole.then(|| Self::new(os, architecture, variant))
    }

    /// Where `wanted` is asked for, this is what is meant. Of arm64 there is one kind in use: with `v8`
    /// or without is the same. Who asks for no variant takes any.
    #[must_use]
    pub fn serves(&self, wanted: &Self) -> bool {
        let variant = |of: &Self| match (of.architecture.raw(), of.variant.as_ref().map(Name::raw)) {
            ("arm64", None | Some("v8")) => None,
            (_, variant) => variant.map(str::to_owned),
        };
        self.os == wanted.os
            && self.architecture == wanted.architecture
            && (variant(wanted).is_none() || variant(self) == variant(wanted))
    }

    #[must_use]
    pub fn words(&self) -> Safe {
        if let Some(variant) = &self.variant {
            safe!("{}/{}/{}", self.os, self.architecture, variant)
        } else {
            safe!("{}/{}", self.os, self.architecture)
        }
    }
}

/// Where an image is: `ghcr.io/shop/checkout:1.43.0`, in parts, with what Docker adds by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// `ghcr.io/shop/checkout`; `docker.io/library/nginx` of `nginx`.
    pub repository: String,
    /// `latest` where neither tag nor digest is written.
    pub tag: Option<String>,
    pub digest: Option<Digest>,
}

impl Reference {
    #[must_use]
    pub fn parse(image: &str) -> Option<Self> {
        let (rest, digest) = match image.split_once('@') {
            Some((rest, digest)) => (rest, Some(Digest::parse(digest)?)),
            None => (image, None),
        };
        // A colon before the last slash belongs to a port.
        let last = rest.rfind('/').map_or(0, |at| at + 1);
        let (path, tag) = match rest[last..].split_once(':') {
            Some((name, tag)) => (&rest[..last + name.len()], Some(tag)),
            None => (rest, None),
        };
        let is_host = |part: &str| part.contains(['.', ':']) || part == "localhost";
        let (host, path) = match path.split_once('/') {
            Some((host, path)) if is_host(host) => (host, path.to_owned()),
            Some(_) => (HUB, path.to_owned()),
            None => (HUB, format!("library/{path}")),
        };
        let host = if host == "index.docker.io" { HUB } else { host };
        let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'?' | b'#' | b'%' | b'"' | b'\\');
        let sound = |text: &str| !text.is_empty() && text.bytes().all(plain);
        let steps = path.split('/').all(|part| !matches!(part, "" | "." | ".."));
        if !steps || !sound(&path) || !sound(host) || tag.is_some_and(|tag| !sound(tag)) {
            return None;
        }
        let tag = tag.map(str::to_owned).or_else(|| digest.is_none().then(|| "latest".to_owned()));
        Some(Self { repository: format!("{host}/{path}"), tag, digest })
    }

    /// Host and path of a repository as [`Self::repository`] has it.
    #[must_use]
    pub fn parts(repository: &str) -> (&str, &str) {
        repository.split_once('/').unwrap_or((HUB, repository))
    }
}

/// What images without a host belong to.
const HUB: &str = "docker.io";

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        self.digest.as_ref().map_or(Ok(()), |digest| write!(f, "@{}", digest.raw()))
    }
}

/// A tag (or a digest that something runs) of a repository. `meta.namespace` is the repository with
/// its host, `meta.name` the tag or the digest, `meta.created` when it was built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    pub meta: Meta,
    /// It is named by a tag, which may name another image tomorrow.
    pub tagged: bool,
    /// `Err`: why it is not known, in words (nothing of that name, no access, an odd answer).
    pub manifest: Result<Arc<Manifest>, Safe>,
}

impl Image {
    #[must_use]
    pub fn id(&self) -> ObjectId {
        self.meta.id(super::Kind::Image)
    }

    /// `ghcr.io/shop/checkout`.
    #[must_use]
    pub const fn repository(&self) -> &Name {
        &self.meta.namespace
    }

    /// `checkout:1.43.0`, as short as it is still understood.
    #[must_use]
    pub fn words(&self) -> Safe {
        let repository = self.meta.namespace.raw();
        let last = Safe::identity(repository.rsplit_once('/').map_or(repository, |(_, last)| last));
        if let (false, Some(digest)) = (self.tagged, self.digest()) {
            safe!("{}@{}", last, digest.short())
        } else {
            safe!("{}:{}", last, self.meta.name)
        }
    }

    #[must_use]
    pub fn digest(&self) -> Option<&Digest> {
        self.manifest.as_ref().ok().map(|manifest| &manifest.digest)
    }
}

/// What a digest names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    pub digest: Digest,
    /// An index of several; else one image alone.
    pub index: bool,
    /// Attestations are none of them.
    pub variants: Vec<Variant>,
    /// Signed statements beside the images (provenance, SBOM).
    pub attestations: usize,
    /// Label or annotation `org.opencontainers.image.revision`: the commit.
    pub revision: Option<Safe>,
    /// `org.opencontainers.image.source`: where the sources are.
    pub source: Option<Safe>,
    /// What of it could not be read, and why.
    pub unread: Option<Safe>,
}

impl Manifest {
    /// A pod may name the index or the image of its own platform.
    #[must_use]
    pub fn is(&self, digest: &Digest) -> bool {
        self.digest == *digest || self.variants.iter().any(|variant| variant.digest == *digest)
    }
}

/// The image of one platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    /// `None`: it is not said, and the image's own configuration could not be read.
    pub platform: Option<Platform>,
    pub digest: Digest,
    /// Compressed, as it is pulled; `None`: not read.
    pub size: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_read_as_docker_reads_it() {
        let digest = format!("sha256:{}", "9f2c".repeat(16));
        let table = [
            ("nginx", "docker.io/library/nginx", "latest"),
            ("nginx:1.27", "docker.io/library/nginx", "1.27"),
            ("grafana/loki:3", "docker.io/grafana/loki", "3"),
            ("index.docker.io/grafana/loki", "docker.io/grafana/loki", "latest"),
            ("ghcr.io/shop/checkout:1.43.0", "ghcr.io/shop/checkout", "1.43.0"),
            ("127.0.0.1:5000/shop/checkout", "127.0.0.1:5000/shop/checkout", "latest"),
            ("localhost/checkout:a", "localhost/checkout", "a"),
        ];
        for (text, repository, tag) in table {
            let read = Reference::parse(text).unwrap();
            assert_eq!((read.repository.as_str(), read.tag.as_deref()), (repository, Some(tag)), "{text}");
            assert_eq!(read.digest, None);
        }
        let read = Reference::parse(&format!("ghcr.io/shop/checkout@{digest}")).unwrap();
        assert_eq!((read.tag, read.digest.unwrap().raw()), (None, digest.as_str()));
        for wrong in ["", "ghcr.io/", "ghcr.io/../etc", "a b", "ghcr.io/a//b", "ghcr.io/a:", "x@sha256:zz"] {
            assert_eq!(Reference::parse(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_platform_is_served_by_its_like() {
        let of = |text: &str| Platform::parse(text).unwrap();
        let table = [
            ("linux/amd64", "linux/amd64", true),
            ("linux/amd64", "linux/arm64", false),
            ("linux/arm64/v8", "linux/arm64", true),
            ("linux/arm64", "linux/arm64/v8", true),
            ("linux/arm64/v9", "linux/arm64", true),
            ("linux/arm/v6", "linux/arm/v7", false),
            ("linux/arm/v7", "linux/arm", true),
            ("windows/amd64", "linux/amd64", false),
        ];
        for (has, wanted, served) in table {
            assert_eq!(of(has).serves(&of(wanted)), served, "{has} for {wanted}");
        }
        assert_eq!(Platform::parse("linux"), None);
        assert_eq!(Platform::parse("linux/arm/v7/x"), None);
    }

    #[test]
    fn the_digest_of_a_running_image_is_the_last_part_of_its_id() {
        let digest = format!("sha256:{}", "0a".repeat(32));
        let with = ["docker-pullable://nginx@", "ghcr.io/shop/checkout@", ""];
        for before in with {
            assert_eq!(Digest::of_image_id(&format!("{before}{digest}")).unwrap().raw(), digest);
        }
        for none in ["", "nginx", "sha256:12", "md5:00", "sha256:../../etc"] {
            assert_eq!(Digest::of_image_id(none), None, "{none:?}");
        }
        assert_eq!(Digest::parse(&digest).unwrap().short().as_str(), "sha256:0a0a0a0a0a0a");
    }
}
