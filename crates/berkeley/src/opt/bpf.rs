//! Classic BPF: the programs that say which packets a socket receives, or which socket does.

use super::records::record_values;
use super::{Codec, Value};
use crate::sys::structs::{sock_filter, sock_fprog};

/// An instruction of a classic BPF program.
///
/// ```
/// use berkeley::opt::Instruction;
///
/// // Only datagrams whose third byte of payload is 7; UDP's header has 8 bytes.
/// let program = [
///     Instruction::new(0x30, 0, 0, 8 + 2), // load the byte at 10
///     Instruction::new(0x15, 0, 1, 7),     // if it is not 7, skip one instruction
///     Instruction::accept(u32::MAX),
///     Instruction::REJECT,
/// ];
/// assert_eq!(program[1].to_string(), "(15) jt 0 jf 1 k 0x7");
/// ```
///
/// See the kernel's documentation of filters.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[doc(alias("sock_filter", "BPF_STMT", "BPF_JUMP"))]
pub struct Instruction {
    /// What to do.
    pub code: u16,
    /// How many instructions to skip if a comparison holds.
    pub jt: u8,
    /// How many instructions to skip if it does not.
    pub jf: u8,
    /// The operand.
    pub k: u32,
}

impl Instruction {
    /// Ends the program and drops the packet.
    pub const REJECT: Instruction = Instruction::accept(0);

    /// An instruction of these parts.
    ///
    /// ```
    /// use berkeley::opt::Instruction;
    /// assert_eq!(Instruction::new(0x06, 0, 0, 0), Instruction::REJECT);
    /// ```
    pub const fn new(code: u16, jt: u8, jf: u8, k: u32) -> Instruction {
        Instruction { code, jt, jf, k }
    }

    /// Ends the program and lets this many bytes of the packet pass. In a program that chooses
    /// among sockets, it is the number of the socket.
    ///
    /// ```
    /// use berkeley::opt::Instruction;
    /// assert_eq!(Instruction::accept(64).k, 64);
    /// ```
    #[doc(alias = "BPF_RET")]
    pub const fn accept(bytes: u32) -> Instruction {
        Instruction::new(0x06, 0, 0, bytes)
    }
}

impl std::fmt::Display for Instruction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Instruction { code, jt, jf, k } = self;
        write!(f, "({code:02x}) jt {jt} jf {jf} k {k:#x}")
    }
}

/// A program of [`Instruction`]s.
///
/// ```
/// use berkeley::{Family, Protocol, Socket, Type, opt};
///
/// let sock = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
/// sock.set(opt::SO_ATTACH_FILTER, vec![opt::Instruction::REJECT])?;
/// assert_eq!(sock.get(opt::SO_ATTACH_FILTER)?, [opt::Instruction::REJECT]);
/// # Ok::<(), berkeley::Error>(())
/// ```
#[derive(Debug)]
pub enum Filter {}

/// A program as the kernel takes it: the structure that says where the instructions are, and the
/// instructions, which live as long.
///
/// ```
/// use berkeley::opt::{Codec, Filter, Instruction};
/// let program = Filter::encode(vec![Instruction::REJECT]);
/// assert_eq!(program.as_ref()[..2], 1_u16.to_ne_bytes());
/// ```
#[derive(Debug)]
#[doc(alias = "sock_fprog")]
pub struct Program {
    header: [u8; sock_fprog::SIZE],
    /// Never moved nor changed: the header has their address.
    _instructions: Box<[u8]>,
}

impl AsRef<[u8]> for Program {
    fn as_ref(&self) -> &[u8] {
        &self.header
    }
}

impl Codec for Filter {
    type Value = Vec<Instruction>;
    type Bytes = Program;
    const FORM: &'static str = "program";
    /// As long as a program may be.
    const ROOM: usize = 4096 * sock_filter::SIZE;

    /// A program that is longer than the kernel takes is refused by it.
    fn encode(value: Vec<Instruction>) -> Program {
        let instructions: Box<[u8]> = value.iter().flat_map(to_bytes).collect();
        let mut header = [0; sock_fprog::SIZE];
        sock_fprog::len.put(&mut header, u16::try_from(value.len()).unwrap_or(u16::MAX));
        sock_fprog::filter.put(&mut header, instructions.as_ptr() as usize);
        Program { header, _instructions: instructions }
    }

    fn decode(bytes: &[u8]) -> Option<Vec<Instruction>> {
        bytes.chunks(sock_filter::SIZE).map(from_bytes).collect()
    }

    fn value(bytes: &[u8]) -> Option<Value> {
        Self::decode(bytes).map(Value::from)
    }

    fn describe(bytes: &[u8]) -> Option<String> {
        let program: Vec<String> =
            Self::decode(bytes)?.iter().map(Instruction::to_string).collect();
        Some(if program.is_empty() { "none".to_owned() } else { program.join("; ") })
    }
}

fn to_bytes(instruction: &Instruction) -> [u8; sock_filter::SIZE] {
    let mut bytes = [0; sock_filter::SIZE];
    sock_filter::code.put(&mut bytes, instruction.code);
    sock_filter::jt.put(&mut bytes, instruction.jt);
    sock_filter::jf.put(&mut bytes, instruction.jf);
    sock_filter::k.put(&mut bytes, instruction.k);
    bytes
}

fn from_bytes(bytes: &[u8]) -> Option<Instruction> {
    Some(Instruction {
        code: sock_filter::code.get(bytes)?,
        jt: sock_filter::jt.get(bytes)?,
        jf: sock_filter::jf.get(bytes)?,
        k: sock_filter::k.get(bytes)?,
    })
}

record_values! { Instruction { code, jt, jf, k } }
