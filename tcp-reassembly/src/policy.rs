//! Which copy counts where segments that wait overlap with other content.
//!
//! Hosts differ in this. The rules are those published for target-based reassembly (Novak and Sturges, 2007) as
//! pairwise verdicts: a byte of the new segment replaces the held one if the policy says so of the two segments as
//! they arrived, whatever has become of them since. Bytes that were delivered are final under every policy, as they
//! are on every host.

use core::cmp::Ordering;
use core::fmt;
use core::net::SocketAddr;
use std::sync::Arc;

/// How a receiver resolves overlaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Policy {
    /// The first copy to arrive counts. The default: independent of how the bytes were cut, and the only one that
    /// never contradicts what was delivered.
    #[default]
    First,
    /// The last copy to arrive counts.
    Last,
    /// The segment that begins lower counts; in doubt, the first.
    Bsd,
    /// As [`Bsd`](Self::Bsd): Windows 2000, XP and 2003.
    Windows,
    /// As [`Bsd`](Self::Bsd).
    MacOs,
    /// The segment that begins lower counts; of those that begin together, the longer. Linux since 2.4. (A real
    /// kernel joins neighbours in its queue and compares with what they have become: see the test of case D22.)
    Linux,
    /// The segment that begins lower counts; of those that begin together, the new one unless it is shorter. Linux
    /// until 2.2.
    OldLinux,
    /// The segment that ends higher counts; of those that end together, the longer, and of equal ones the new.
    Solaris,
    /// As [`Solaris`](Self::Solaris).
    Hpux11,
    /// As [`First`](Self::First): Windows Vista and later, as far as is known.
    Vista,
}

/// A segment as it arrived: offsets of its first byte and behind its last.
pub(crate) type Extent = (u64, u64);

impl Policy {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::First,
        Self::Last,
        Self::Bsd,
        Self::Windows,
        Self::MacOs,
        Self::Linux,
        Self::OldLinux,
        Self::Solaris,
        Self::Hpux11,
        Self::Vista,
    ];

    /// Whether the bytes of `new` replace those of `old` where both have some.
    pub(crate) const fn takes_new(self, new: Extent, old: Extent) -> bool {
        match self {
            Self::First | Self::Vista => false,
            Self::Last => true,
            Self::Bsd | Self::Windows | Self::MacOs => new.0 < old.0,
            Self::Linux => new.0 < old.0 || new.0 == old.0 && new.1 > old.1,
            Self::OldLinux => new.0 < old.0 || new.0 == old.0 && new.1 >= old.1,
            Self::Solaris | Self::Hpux11 => new.1 > old.1 || new.1 == old.1 && new.0 <= old.0,
        }
    }
}

/// How a new segment lies to an old one that it overlaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Relation {
    /// The old copy was delivered already; what it had been part of does not matter any more.
    Delivered,
    /// R1: begins and ends lower.
    Below,
    /// R2: begins lower, ends together.
    ExtendsDown,
    /// R3: begins lower, ends higher.
    Contains,
    /// R4: begins together, ends lower.
    Starts,
    /// R5: the same.
    Equal,
    /// R6: begins together, ends higher.
    ExtendsUp,
    /// R7: begins higher, ends lower.
    Within,
    /// R8: begins higher, ends together.
    Ends,
    /// R9: begins and ends higher.
    Above,
}

impl Relation {
    pub(crate) fn of(new: Extent, old: Extent) -> Self {
        match (new.0.cmp(&old.0), new.1.cmp(&old.1)) {
            (Ordering::Less, Ordering::Less) => Self::Below,
            (Ordering::Less, Ordering::Equal) => Self::ExtendsDown,
            (Ordering::Less, Ordering::Greater) => Self::Contains,
            (Ordering::Equal, Ordering::Less) => Self::Starts,
            (Ordering::Equal, Ordering::Equal) => Self::Equal,
            (Ordering::Equal, Ordering::Greater) => Self::ExtendsUp,
            (Ordering::Greater, Ordering::Less) => Self::Within,
            (Ordering::Greater, Ordering::Equal) => Self::Ends,
            (Ordering::Greater, Ordering::Greater) => Self::Above,
        }
    }
}

/// The policy of each receiver. It is asked once per direction of a flow, with the address the data goes to.
///
/// ```
/// use tcp_reassembly::{Config, Policies, Policy};
///
/// let mut config = Config::default();
/// config.policies = Policy::Linux.into();
/// config.policies = Policies::by(|receiver| if receiver.port() == 25 { Policy::Solaris } else { Policy::First });
/// ```
#[derive(Clone)]
pub struct Policies(Choice);

type Choose = dyn Fn(SocketAddr) -> Policy + Send + Sync;

#[derive(Clone)]
enum Choice {
    All(Policy),
    By(Arc<Choose>),
}

impl Policies {
    /// The policy that `choose` names for the receiver of the data. It has to give the same for the same address.
    #[must_use]
    pub fn by(choose: impl Fn(SocketAddr) -> Policy + Send + Sync + 'static) -> Self {
        Self(Choice::By(Arc::new(choose)))
    }

    /// The policy of a receiver.
    #[must_use]
    pub fn of(&self, receiver: SocketAddr) -> Policy {
        match &self.0 {
            Choice::All(policy) => *policy,
            Choice::By(choose) => choose(receiver),
        }
    }
}

impl From<Policy> for Policies {
    fn from(policy: Policy) -> Self {
        Self(Choice::All(policy))
    }
}

impl Default for Policies {
    fn default() -> Self {
        Policy::First.into()
    }
}

impl fmt::Debug for Policies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Choice::All(policy) => policy.fmt(f),
            Choice::By(_) => f.write_str("by receiver"),
        }
    }
}

/// Functions are equal if they are the same one.
impl PartialEq for Policies {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Choice::All(one), Choice::All(two)) => one == two,
            (Choice::By(one), Choice::By(two)) => Arc::ptr_eq(one, two),
            _ => false,
        }
    }
}

impl Eq for Policies {}

#[cfg(test)]
mod tests {
    use super::*;

    /// New extents in the order R1 to R9, against an old one of 6..10.
    const NEW: [Extent; 9] = [(4, 8), (4, 10), (4, 12), (6, 8), (6, 10), (6, 12), (7, 9), (8, 10), (8, 12)];

    #[test]
    fn verdicts_are_those_published() {
        for (policy, row) in [
            (Policy::First, "OOOOOOOOO"),
            (Policy::Vista, "OOOOOOOOO"),
            (Policy::Last, "NNNNNNNNN"),
            (Policy::Bsd, "NNNOOOOOO"),
            (Policy::Windows, "NNNOOOOOO"),
            (Policy::MacOs, "NNNOOOOOO"),
            (Policy::Linux, "NNNOONOOO"),
            (Policy::OldLinux, "NNNONNOOO"),
            (Policy::Solaris, "ONNONNOON"),
            (Policy::Hpux11, "ONNONNOON"),
        ] {
            let found = NEW.map(|new| if policy.takes_new(new, (6, 10)) { 'N' } else { 'O' });
            assert_eq!(String::from_iter(found), row, "{policy:?}");
        }
    }

    #[test]
    fn relations_have_their_order() {
        use Relation::*;
        let found = NEW.map(|new| Relation::of(new, (6, 10)));
        assert_eq!(found, [Below, ExtendsDown, Contains, Starts, Equal, ExtendsUp, Within, Ends, Above]);
    }

    #[test]
    fn policies_are_chosen_by_receiver() {
        let policies = Policies::by(|to| if to.port() == 25 { Policy::Last } else { Policy::Bsd });
        let address = |port: u16| SocketAddr::from(([10, 0, 0, 1], port));
        assert_eq!((policies.of(address(25)), policies.of(address(26))), (Policy::Last, Policy::Bsd));
        assert_eq!(policies, policies.clone());
        assert_ne!(policies, Policies::default());
        assert_eq!(format!("{policies:?} {:?}", Policies::default()), "by receiver First");
    }
}
