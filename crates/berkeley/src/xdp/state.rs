//! Which frames are the kernel's and which are ours.

use std::os::fd::AsFd;

use super::ring::{Places, Ring};
use crate::error::{Call, Cause, Error, Result};
use crate::opt;
use crate::socket::Socket;
use crate::sys::memory::{Chunk, Mapping};
use crate::sys::structs::{xdp_desc, xdp_mmap_offsets as offsets};
use crate::sys::xdp::{COMPLETION_RING, FILL_RING, FRAME_GOES_ON, RX_RING, TX_RING, wake};
use crate::sys::{Errno, c};

/// How many bytes an entry of the rings that only tell an address has.
const ADDRESS: usize = 8;

/// The four rings of a socket.
pub(super) struct Rings {
    pub(super) tx: Ring,
    pub(super) completion: Ring,
    pub(super) rx: Ring,
    pub(super) fill: Ring,
}

/// How long the rings for so many frames are; `None` if that is too long.
pub(super) fn ring_len(frames: u32) -> Option<u32> {
    frames.max(1).checked_next_power_of_two().filter(|len| *len <= 1 << 24)
}

/// Has the kernel make the rings, and maps them.
pub(super) fn rings(sock: &Socket, send: u32, recv: u32) -> Result<Rings> {
    sock.set(opt::XDP_TX_RING, send)?;
    sock.set(opt::XDP_UMEM_COMPLETION_RING, send)?;
    sock.set(opt::XDP_RX_RING, recv)?;
    sock.set(opt::XDP_UMEM_FILL_RING, recv)?;
    let told = sock.get(opt::XDP_MMAP_OFFSETS)?;
    let old = || {
        let cause = Cause::Argument("the kernel's rings are of another form: it takes Linux 5.4");
        Error::new(Call::Mmap, cause)
    };
    let places = |[producer, consumer, entries]: [Option<u64>; 3]| {
        let (producer, consumer, entries) = (producer?, consumer?, entries?);
        Some(Places { producer, consumer, entries })
    };
    let map = |places: Option<Places>, from, count, each| {
        let places = places.filter(|_| told.len() == offsets::SIZE).ok_or_else(old)?;
        let len = places.len(count, each).ok_or_else(old)?;
        let memory = Mapping::of(sock.as_fd(), from, len).map_err(Error::of(Call::Mmap))?;
        Ring::new(memory, places, count, each).ok_or_else(old)
    };
    let at = |field: crate::sys::layout::Field<u64>| field.get(&told);
    let tx = places([at(offsets::tx_producer), at(offsets::tx_consumer), at(offsets::tx_desc)]);
    let rx = places([at(offsets::rx_producer), at(offsets::rx_consumer), at(offsets::rx_desc)]);
    let fill = places([at(offsets::fr_producer), at(offsets::fr_consumer), at(offsets::fr_desc)]);
    let done = places([at(offsets::cr_producer), at(offsets::cr_consumer), at(offsets::cr_desc)]);
    Ok(Rings {
        tx: map(tx, TX_RING, send, xdp_desc::SIZE)?,
        completion: map(done, COMPLETION_RING, send, ADDRESS)?,
        rx: map(rx, RX_RING, recv, xdp_desc::SIZE)?,
        fill: map(fill, FILL_RING, recv, ADDRESS)?,
    })
}

/// The chunks of one direction: those that are ours, and a place for each that is the kernel's.
struct Chunks {
    free: Vec<Chunk>,
    /// By the number within this direction.
    given: Vec<Option<Chunk>>,
    count_given: usize,
    /// The number of the first one in the whole memory.
    first: usize,
    each: usize,
}

impl Chunks {
    fn new(free: Vec<Chunk>, each: usize) -> Chunks {
        let first = free.first().map_or(0, |chunk| chunk.offset() / each);
        let given = free.iter().map(|_| None).collect();
        Chunks { free, given, count_given: 0, first, each }
    }

    /// The place of the chunk with this address, and how far within it that is.
    fn place(&self, address: u64) -> Option<(usize, usize)> {
        let address = usize::try_from(address).ok()?;
        Some(((address / self.each).checked_sub(self.first)?, address % self.each))
    }

    /// Puts a chunk away: from now on the kernel may use it.
    fn give(&mut self, chunk: Chunk) {
        let place = self.place(chunk.offset() as u64);
        if let Some(room) = place.and_then(|(nth, _)| self.given.get_mut(nth)) {
            *room = Some(chunk);
            self.count_given += 1;
        }
    }

    /// What the kernel says it has done with, and how far within the chunk the address is; `EIO`
    /// if it never had it.
    fn take(&mut self, address: u64) -> std::result::Result<(Chunk, usize), Errno> {
        let place = self.place(address);
        let (nth, within) = place.ok_or(Errno(c::EIO))?;
        let chunk = self.given.get_mut(nth).and_then(Option::take).ok_or(Errno(c::EIO))?;
        self.count_given -= 1;
        Ok((chunk, within))
    }

    /// [`take`](Chunks::take), and the chunk is free.
    fn reclaim(&mut self, address: u64) -> std::result::Result<(), Errno> {
        let (chunk, _) = self.take(address)?;
        self.free.push(chunk);
        Ok(())
    }
}

/// The way out.
pub(super) struct Sending {
    ring: Ring,
    done: Ring,
    chunks: Chunks,
}

impl Sending {
    pub(super) fn new(ring: Ring, done: Ring, free: Vec<Chunk>, each: usize) -> Sending {
        Sending { ring, done, chunks: Chunks::new(free, each) }
    }

    pub(super) fn has_memory(&self) -> bool {
        !self.chunks.given.is_empty()
    }

    /// How many frames the kernel has not sent yet.
    pub(super) fn pending(&self) -> usize {
        self.chunks.count_given
    }

    /// Takes back the memory of frames that were sent.
    pub(super) fn take_back(&mut self) -> std::result::Result<(), Errno> {
        while let Some(entry) = self.done.pull::<ADDRESS>()? {
            self.chunks.reclaim(u64::from_ne_bytes(entry))?;
        }
        Ok(())
    }

    /// Puts as many frames into the ring as there is memory for, and says how many, and how many
    /// bytes.
    pub(super) fn put<'f>(&mut self, frames: impl Iterator<Item = &'f [u8]>) -> (usize, usize) {
        let (mut count, mut bytes) = (0, 0);
        for frame in frames {
            let Some(mut chunk) = self.chunks.free.pop() else { break };
            let Some(room) = chunk.as_bytes_mut().get_mut(..frame.len()) else {
                self.chunks.free.push(chunk);
                break;
            };
            room.copy_from_slice(frame);
            let mut entry = [0; xdp_desc::SIZE];
            xdp_desc::addr.put(&mut entry, chunk.offset() as u64);
            xdp_desc::len.put(&mut entry, frame.len() as u32);
            // It is the kernel's before the kernel hears of it.
            self.chunks.give(chunk);
            if !self.ring.push(&entry) {
                let addr = xdp_desc::addr.get(&entry).unwrap_or(u64::MAX);
                // It never did.
                let _ = self.chunks.reclaim(addr);
                break;
            }
            count += 1;
            bytes += frame.len();
        }
        (count, bytes)
    }

    /// Has the kernel send what is in the ring, as far as it can now.
    pub(super) fn wake(&mut self, sock: &Socket) -> std::result::Result<(), Errno> {
        loop {
            let before = self.ring.left();
            if before == 0 {
                return Ok(());
            }
            match wake(sock.as_fd()) {
                // Some at a time; or it has no room for more, or the interface has none.
                Ok(()) | Err(Errno(c::EAGAIN | c::EBUSY | c::ENOBUFS)) => {
                    if self.ring.left() == before {
                        return Ok(());
                    }
                }
                Err(Errno(c::EINTR)) => {}
                Err(errno) => return Err(errno),
            }
        }
    }
}

/// The way in.
pub(super) struct Receiving {
    ring: Ring,
    fill: Ring,
    chunks: Chunks,
}

/// A frame in its memory.
pub(super) struct Arrived {
    chunk: Chunk,
    start: usize,
    end: usize,
}

impl Arrived {
    pub(super) fn as_bytes(&self) -> &[u8] {
        self.chunk.as_bytes().get(self.start..self.end).unwrap_or_default()
    }
}

impl Receiving {
    pub(super) fn new(ring: Ring, fill: Ring, free: Vec<Chunk>, each: usize) -> Receiving {
        Receiving { ring, fill, chunks: Chunks::new(free, each) }
    }

    pub(super) fn has_memory(&self) -> bool {
        !self.chunks.given.is_empty()
    }

    /// Gives the kernel all memory that is free to receive into, as far as the ring has room: it
    /// may tell of a frame before it says that it has taken the memory out of the ring.
    pub(super) fn refill(&mut self) {
        while let Some(chunk) = self.chunks.free.pop() {
            let address = chunk.offset() as u64;
            self.chunks.give(chunk);
            if !self.fill.push(&address.to_ne_bytes()) {
                let _ = self.chunks.reclaim(address);
                return;
            }
        }
    }

    /// The next frame.
    pub(super) fn take(&mut self) -> std::result::Result<Option<Arrived>, Errno> {
        self.refill();
        let Some(entry) = self.ring.pull::<{ xdp_desc::SIZE }>()? else { return Ok(None) };
        let fields =
            (xdp_desc::addr.get(&entry), xdp_desc::len.get(&entry), xdp_desc::options.get(&entry));
        let (Some(address), Some(len), Some(options)) = fields else { return Err(Errno(c::EIO)) };
        let (chunk, start) = self.chunks.take(address)?;
        let end = usize::try_from(len).ok().and_then(|len| start.checked_add(len));
        let end = end.filter(|end| *end <= self.chunks.each && options & FRAME_GOES_ON == 0);
        match end {
            Some(end) => Ok(Some(Arrived { chunk, start, end })),
            None => {
                self.chunks.free.push(chunk);
                Err(Errno(c::EIO))
            }
        }
    }

    /// The frame's memory is free again.
    pub(super) fn give_back(&mut self, arrived: Arrived) {
        self.chunks.free.push(arrived.chunk);
        self.refill();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::memory::ChunkMemory;

    const EACH: usize = 2048;

    fn desc(address: u64, len: u32, options: u32) -> [u8; xdp_desc::SIZE] {
        let mut entry = [0; xdp_desc::SIZE];
        xdp_desc::addr.put(&mut entry, address);
        xdp_desc::len.put(&mut entry, len);
        xdp_desc::options.put(&mut entry, options);
        entry
    }

    /// Both ways with two chunks each, as a socket has them.
    fn both() -> (Sending, Receiving) {
        let (_, mut chunks) = ChunkMemory::new(4, EACH).unwrap();
        let to_receive = chunks.split_off(2);
        let (tx, done) = (Ring::alone(2, xdp_desc::SIZE), Ring::alone(2, ADDRESS));
        let (rx, fill) = (Ring::alone(2, xdp_desc::SIZE), Ring::alone(2, ADDRESS));
        let mut receiving = Receiving::new(rx, fill, to_receive, EACH);
        receiving.refill();
        (Sending::new(tx, done, chunks, EACH), receiving)
    }

    #[test]
    #[cfg_attr(miri, ignore = "maps memory")]
    fn frames_that_the_kernel_does_not_have_are_not_believed() {
        const CHUNK: u64 = EACH as u64;
        let (_, mut recv) = both();
        let outside = [4 * CHUNK, u64::MAX, u64::MAX - CHUNK + 1, 1 << 63, 0, CHUNK];
        for address in outside {
            recv.ring.kernel_puts(&desc(address, 60, 0));
            assert_eq!(recv.take().err(), Some(Errno::EIO), "{address:#x}");
        }
        // Of our own frames, the same one twice.
        recv.ring.kernel_puts(&desc(2 * CHUNK + 256, 60, 0));
        let first = recv.take().unwrap().unwrap();
        assert_eq!(first.as_bytes().len(), 60);
        recv.ring.kernel_puts(&desc(2 * CHUNK + 256, 60, 0));
        assert_eq!(recv.take().err(), Some(Errno::EIO));
        recv.give_back(first);
        // It is still in the ring as far as the kernel says; then there is room for it again.
        assert_eq!((recv.chunks.free.len(), recv.chunks.count_given), (1, 1));
        recv.fill.kernel_takes();
        recv.refill();
        assert_eq!((recv.chunks.free.len(), recv.chunks.count_given), (0, 2));
    }

    #[test]
    #[cfg_attr(miri, ignore = "maps memory")]
    fn frames_that_reach_out_of_their_memory_are_not_believed() {
        let (_, mut recv) = both();
        let first = 2 * EACH as u64;
        for (within, len, options) in
            [(0, 2049, 0), (256, 1793, 0), (2047, 2, 0), (0, u32::MAX, 0), (0, 60, FRAME_GOES_ON)]
        {
            recv.fill.kernel_takes();
            recv.ring.kernel_puts(&desc(first + within, len, options));
            assert_eq!(recv.take().err(), Some(Errno::EIO), "{within} {len}");
        }
        // Their memory is not lost.
        recv.fill.kernel_takes();
        recv.ring.kernel_puts(&desc(first + 256, 1792, 0));
        assert_eq!(recv.take().unwrap().unwrap().as_bytes().len(), 1792);
    }

    #[test]
    #[cfg_attr(miri, ignore = "maps memory")]
    fn what_was_not_sent_does_not_come_back() {
        let (mut send, _) = both();
        let frames = [[7; 60].as_slice(), &[8; 2048], &[9; 60]];
        assert_eq!(send.put(frames.into_iter()), (2, 2108));
        assert_eq!((send.pending(), send.put(frames.into_iter())), (2, (0, 0)));
        for address in [2 * EACH as u64, u64::MAX] {
            send.done.kernel_puts(&address.to_ne_bytes());
            assert_eq!(send.take_back(), Err(Errno::EIO));
        }
        // Once, and not twice.
        send.done.kernel_puts(&0_u64.to_ne_bytes());
        assert_eq!((send.take_back(), send.pending()), (Ok(()), 1));
        send.done.kernel_puts(&0_u64.to_ne_bytes());
        assert_eq!((send.take_back(), send.pending()), (Err(Errno::EIO), 1));
        // There is memory, but no room in the ring before the kernel has taken something out.
        assert_eq!((send.put(frames.into_iter()), send.pending()), ((0, 0), 1));
        send.ring.kernel_takes();
        assert_eq!((send.put(frames.into_iter()), send.pending()), ((1, 60), 2));
    }
}
