//! The operator's name, picture and colour, checked and as the application reads them.

use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use serde::Serialize;

use crate::config::Config;

/// Where the picture is served.
pub(crate) const LOGO: &str = "/dashboard/logo";
const LARGEST_LOGO: u64 = 256 * 1024;
const LONGEST_NAME: usize = 60;

/// What is wrong with the settings.
#[derive(Debug, thiserror::Error)]
pub enum DashboardError {
    /// The name cannot be shown.
    #[error("dashboard.name must have 1 to {LONGEST_NAME} characters")]
    Name,
    /// The picture cannot be read.
    #[error("dashboard.logo {path} cannot be read")]
    Logo {
        /// Where it should be.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The picture is not one that browsers show, by its name, or too large.
    #[error("dashboard.logo {0} must end in .svg, .png, .jpg, .jpeg or .webp and have at most 256 KiB")]
    LogoKind(PathBuf),
    /// The colour is none.
    #[error("dashboard.accent is {0:?}; it must be written like \"#4c6ef5\"")]
    Accent(String),
    /// An origin is none.
    #[error(
        "dashboard.frame_origins names {0:?}; an origin is written like \"https://app.example.com\", without a path"
    )]
    FrameOrigin(String),
}

/// What the application shows of the operator.
#[derive(Debug, Serialize)]
pub(crate) struct Brand {
    name: String,
    logo: Option<&'static str>,
    accent: Option<String>,
}

/// A picture and what it is.
#[derive(Clone, Debug)]
pub(crate) struct Logo {
    pub(crate) kind: &'static str,
    pub(crate) bytes: Bytes,
}

/// Reads and checks what is shown of the operator.
pub(crate) fn read(config: &Config) -> Result<(Brand, Option<Logo>), DashboardError> {
    if !(1..=LONGEST_NAME).contains(&config.name.trim().chars().count()) {
        return Err(DashboardError::Name);
    }
    if let Some(accent) = config.accent.as_ref().filter(|accent| !is_colour(accent)) {
        return Err(DashboardError::Accent(accent.clone()));
    }
    let logo = config.logo.as_deref().map(read_logo).transpose()?;
    let brand =
        Brand { name: config.name.trim().to_owned(), logo: logo.as_ref().map(|_| LOGO), accent: config.accent.clone() };
    Ok((brand, logo))
}

fn is_colour(text: &str) -> bool {
    text.strip_prefix('#')
        .is_some_and(|digits| digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn read_logo(path: &Path) -> Result<Logo, DashboardError> {
    let wrong = || DashboardError::LogoKind(path.to_owned());
    let unreadable = |source| DashboardError::Logo { path: path.to_owned(), source };
    let kind = match path.extension().and_then(|extension| extension.to_str()) {
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("webp") => "image/webp",
        _ => return Err(wrong()),
    };
    if std::fs::metadata(path).map_err(unreadable)?.len() > LARGEST_LOGO {
        return Err(wrong());
    }
    Ok(Logo { kind, bytes: std::fs::read(path).map_err(unreadable)?.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let picture = folder.path().join("logo.svg");
        std::fs::write(&picture, "<svg/>").expect("written");
        let good = Config {
            name: " Acme ".to_owned(),
            logo: Some(picture.clone()),
            accent: Some("#4C6ef5".to_owned()),
            frame_origins: Vec::new(),
        };
        let (brand, logo) = read(&good).expect("good");
        assert_eq!((brand.name.as_str(), brand.logo), ("Acme", Some(LOGO)));
        assert_eq!(logo.map(|logo| logo.kind), Some("image/svg+xml"));
        let wrong = |change: fn(&mut Config)| {
            let mut config = good.clone();
            change(&mut config);
            read(&config).expect_err("wrong").to_string()
        };
        assert!(wrong(|config| config.name = String::new()).contains("dashboard.name"));
        assert!(wrong(|config| config.accent = Some("red".to_owned())).contains("dashboard.accent"));
        assert!(wrong(|config| config.accent = Some("#12345é".to_owned())).contains("dashboard.accent"));
        assert!(wrong(|config| config.logo = Some("nowhere.svg".into())).contains("cannot be read"));
        assert!(wrong(|config| config.logo = Some("logo.exe".into())).contains("must end in"));
        std::fs::write(&picture, vec![b' '; 300 * 1024]).expect("written");
        assert!(read(&good).expect_err("too large").to_string().contains("256 KiB"));
    }
}
