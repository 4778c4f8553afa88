//! The table of options: one row each, from which the typed constants, the documentation and the
//! command's listing come.

mod families;
mod ip;
mod sctp;
mod socket;
mod transport;

pub use families::*;
pub use ip::*;
pub use sctp::*;
pub use socket::*;
pub use transport::*;

use super::Row;
use crate::kind::Family;
use crate::sys::c;

/// The levels whose numbers mean something else in one family than in the others.
pub(super) const OWN_LEVELS: [(Family, i32); 4] = [
    (Family::BLUETOOTH, c::SOL_HCI),
    (Family::BLUETOOTH, c::SOL_L2CAP),
    (Family::BLUETOOTH, c::SOL_RFCOMM),
    (Family::BLUETOOTH, c::SOL_SCO),
];

/// The rows of each file.
const PARTS: [&[Row]; 5] = [socket::ROWS, transport::ROWS, ip::ROWS, families::ROWS, sctp::ROWS];

/// Every option that has a typed constant here.
///
/// ```
/// let names: Vec<_> = berkeley::opt::TABLE.iter().map(|row| row.name).collect();
/// assert!(names.contains(&"SO_REUSEADDR"));
/// ```
pub static TABLE: &[Row] = &joined();

const COUNT: usize = socket::ROWS.len()
    + transport::ROWS.len()
    + ip::ROWS.len()
    + families::ROWS.len()
    + sctp::ROWS.len();

#[allow(clippy::indexing_slicing, reason = "by the compiler alone, which tells a wrong index")]
const fn joined() -> [Row; COUNT] {
    let mut rows = [PARTS[0][0]; COUNT];
    let (mut part, mut to) = (0, 0);
    while part < PARTS.len() {
        let mut from = 0;
        while from < PARTS[part].len() {
            rows[to] = PARTS[part][from];
            from += 1;
            to += 1;
        }
        part += 1;
    }
    rows
}

/// Declares the constant and the row of each option:
/// `NAME: type of the value [get or set, if not both] = number, "meaning" since "version";`, by
/// level.
macro_rules! options {
    ($($level:ident { $(
        $(#[alias($($alias:literal),+)])?
        $name:ident: $codec:ty $([$access:ident])? = $number:expr, $meaning:literal $(since $since:literal)?;
    )* })*) => {
        $($(
            #[doc = $meaning]
            #[doc = ""]
            #[doc = concat!("Level `", stringify!($level), "`. Linux", $(" ", $since,)? ".")]
            $(#[doc(alias($($alias),+))])?
            pub const $name: crate::opt::Opt<$codec> =
                crate::opt::Opt::new(stringify!($name), c::$level, $number as i32);
        )*)*

        pub(super) const ROWS: &[crate::opt::Row] = &[$($(
            crate::opt::Row {
                name: stringify!($name),
                level_name: stringify!($level),
                level: c::$level,
                number: $number as i32,
                family: crate::opt::table::family!($level),
                access: crate::opt::table::access!($($access)?),
                platforms: concat!("Linux", $(" ", $since)?),
                form: <$codec as crate::opt::Codec>::FORM,
                room: <$codec as crate::opt::Codec>::ROOM,
                meaning: $meaning,
                ask: <$codec as crate::opt::Codec>::ask,
                describe: <$codec as crate::opt::Codec>::describe,
                parse: <$codec as crate::opt::Codec>::parse,
                value: <$codec as crate::opt::Codec>::value,
                build: <$codec as crate::opt::Codec>::build,
            },
        )*)*];
    };
}
use options;

/// The family of these levels.
macro_rules! family {
    (SOL_HCI) => {
        Some(crate::kind::Family::BLUETOOTH)
    };
    (SOL_L2CAP) => {
        Some(crate::kind::Family::BLUETOOTH)
    };
    (SOL_RFCOMM) => {
        Some(crate::kind::Family::BLUETOOTH)
    };
    (SOL_SCO) => {
        Some(crate::kind::Family::BLUETOOTH)
    };
    ($level:ident) => {
        None
    };
}
use family;

macro_rules! access {
    () => {
        crate::opt::Access::Both
    };
    (get) => {
        crate::opt::Access::Get
    };
    (set) => {
        crate::opt::Access::Set
    };
}
use access;
