//! One channel on this node: its subscribers, and the order in which publications reach them.
//!
//! Everything here runs under the room's lock and waits for nothing: a connection's writer takes a frame or refuses it.

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use parking_lot::{Mutex, MutexGuard};
use smallvec::SmallVec;

use super::{
    said::{Batch, Said},
    subscriber::{Given, JOIN_BYTES, State, Subscriber},
    tail::Tail,
};
use crate::{
    host::{Channel, Epoch, Grant, JoinLeave, Offset},
    log::{Bounds, Ended, Entry, Joined, Joining, Place, Recovered, Ring},
    protocol::{Broadcast, Disconnect, JoinPush, LeavePush, Push, PushBody},
    session::Sink,
};

/// So many late numbers are remembered, lest one is heard twice.
const MOST_LATE: usize = 1024;
/// A ring answers by count; its age only frees what nobody will ask for.
const RING_AGE: Duration = Duration::from_secs(24 * 3600);

/// A channel with its lock.
pub struct Room {
    pub name: Channel,
    inner: Mutex<Inner>,
}

/// What the lock guards.
pub struct Inner {
    name: Channel,
    /// Slots stay where they are, so that a fan-out in pieces meets everybody once.
    slots: Vec<Option<Subscriber>>,
    free: Vec<u32>,
    count: usize,
    /// A kept channel's order.
    pub tail: Option<Tail>,
    /// The first number hearers heard here, and those below it that came late.
    first: Option<Offset>,
    late: BTreeSet<Offset>,
    /// A ephemeral channel's numbers.
    pub ring: Option<(Ring, Epoch)>,
    /// What waits for the fan-out task, and whether it is under way.
    pub pending: Vec<Arc<Said>>,
    pub is_fanning_out: bool,
    /// The first number of the batch that is being handed out.
    pub fanning_from: Option<Offset>,
    /// Removed from the registry: look it up again.
    pub is_gone: bool,
    /// What was said last, with its number; kept while somebody takes patches.
    last: Option<(u64, Bytes)>,
    takers: usize,
    /// It waits in the filler's list.
    pub is_filling: bool,
    /// When something was last said here.
    pub used_at: Instant,
}

/// Where a subscription sits in its room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seat {
    pub(super) slot: u32,
    pub id: u64,
}

/// What a deed under the lock leaves to do for whoever holds no lock.
pub enum After {
    /// The reader lags here: it gets the whole when its socket drained.
    Stale(Sink, Seat),
    /// The subscription ended and its client was told.
    Ended(Sink, Seat),
    /// Rights must be read again.
    Doubt(Sink, Seat),
}

/// Counts of a delivery, and what is left to do.
#[derive(Default)]
pub struct Told {
    pub after: Vec<After>,
    pub delivered: u64,
    pub slow: u64,
    pub lagged: u64,
}

impl Room {
    /// An empty room.
    pub fn new(name: Channel) -> Self {
        Self { inner: Mutex::new(Inner::new(name.clone())), name }
    }

    /// The room's lock. Never taken while a session's is held.
    pub fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock()
    }

    /// The lock, if nobody holds it.
    pub fn try_lock(&self) -> Option<MutexGuard<'_, Inner>> {
        self.inner.try_lock()
    }
}

impl Inner {
    fn new(name: Channel) -> Self {
        Self {
            name,
            slots: Vec::new(),
            free: Vec::new(),
            count: 0,
            tail: None,
            first: None,
            late: BTreeSet::new(),
            ring: None,
            pending: Vec::new(),
            is_fanning_out: false,
            fanning_from: None,
            is_gone: false,
            last: None,
            takers: 0,
            is_filling: false,
            used_at: Instant::now(),
        }
    }

    /// How many subscriptions there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// How many slots a fan-out in pieces walks over.
    pub fn slots(&self) -> usize {
        self.slots.len()
    }

    /// All subscriptions that have been answered.
    pub fn live(&self) -> impl Iterator<Item = &Subscriber> {
        self.slots.iter().flatten().filter(|subscriber| !matches!(subscriber.state, State::Joining { .. }))
    }

    /// Numbers what is said now, and lets a patch be made of it where somebody takes one.
    pub fn said(&mut self, row: Entry) -> Arc<Said> {
        let number = if row.offset > 0 { row.offset } else { self.last.as_ref().map_or(1, |(number, _)| number + 1) };
        if self.takers == 0 {
            self.last = Some((number, Bytes::new()));
            return Arc::new(Said::new(&self.name, row).after(number, None));
        }
        let before = self.last.replace((number, row.body.clone()));
        let before = before.filter(|(of, body)| of + 1 == number && !body.is_empty()).map(|(_, body)| body);
        Arc::new(Said::new(&self.name, row).after(number, before))
    }

    /// This subscriber takes patches; with its reply it got the number `base` last.
    pub fn takes_deltas(&mut self, seat: Seat, base: Option<u64>) {
        if let Some(subscriber) = self.at(seat) {
            subscriber.base = base;
            if !std::mem::replace(&mut subscriber.takes_deltas, true) {
                self.takers += 1;
            }
        }
    }

    /// Everybody whose subscription `which` says yes to, with their seats.
    pub fn seats(&self, which: impl Fn(&Subscriber) -> bool) -> Vec<(Sink, Seat)> {
        let all = self.slots.iter().zip(0..).filter_map(|(slot, at)| slot.as_ref().map(|of| (of, at)));
        all.filter(|(of, _)| which(of)).map(|(of, slot)| (of.sink.clone(), Seat { slot, id: of.id })).collect()
    }

    /// Takes a subscriber in; it buffers from now on.
    pub fn join(&mut self, id: u64, sink: Sink, user: Arc<str>, is_server_side: bool) -> Seat {
        let top = self.tail.as_ref().and_then(Tail::top);
        let state = State::Joining { kept: Joining::begin(JOIN_BYTES, top), ephemeral: Vec::new(), place: None };
        let subscriber = Subscriber { id, sink, user, grant: None, is_server_side, takes_deltas: false, base: None, state };
        self.count += 1;
        let slot = match self.free.pop() {
            Some(slot) => {
                self.slots[slot as usize] = Some(subscriber);
                slot
            }
            None => {
                self.slots.push(Some(subscriber));
                u32::try_from(self.slots.len() - 1).expect("a node has fewer connections than that")
            }
        };
        Seat { slot, id }
    }

    /// The subscriber on a seat, if it still sits there.
    pub fn at(&mut self, seat: Seat) -> Option<&mut Subscriber> {
        self.slots.get_mut(seat.slot as usize)?.as_mut().filter(|subscriber| subscriber.id == seat.id)
    }

    /// Takes a subscriber out and tells the others, where they want to hear it.
    pub fn leave(&mut self, seat: Seat) -> Option<Subscriber> {
        self.at(seat)?;
        let left = self.slots[seat.slot as usize].take()?;
        self.count -= 1;
        self.takers -= usize::from(left.takes_deltas);
        if self.count == 0 {
            self.slots = Vec::new();
            self.free = Vec::new();
        } else {
            self.free.push(seat.slot);
        }
        if left.is_told() && !matches!(left.state, State::Joining { .. }) {
            self.tell(PushBody::Leave(LeavePush { info: Some(left.info()) }));
        }
        Some(left)
    }

    /// Revoke a subscription and says so to its client.
    pub fn end(&mut self, seat: Seat, code: u32, reason: &str, told: &mut Told) {
        if let Some(left) = self.leave(seat) {
            left.sink.unsubscribed(&self.name, code, reason);
            told.after.push(After::Ended(left.sink, seat));
        }
    }

    /// The tail moved: where it began by a reading of the log, hearers begin there.
    pub fn begun(&mut self, ready: Option<Offset>) {
        if self.first.is_none() {
            self.first = ready.or_else(|| Some(self.tail.as_ref()?.top()? + 1));
        }
    }

    /// Is this number below all that hearers heard here, and new to them? It was under way while a reading of the log set the tail beyond it.
    pub fn is_late(&mut self, offset: Offset) -> bool {
        if self.late.len() >= MOST_LATE {
            self.late.pop_first();
        }
        self.first.is_some_and(|first| offset < first) && self.late.insert(offset)
    }

    /// Did hearers hear this number, or will they?
    pub fn is_heard(&self, offset: Offset) -> bool {
        self.first.is_some_and(|first| offset >= first) || self.late.contains(&offset)
    }

    /// Another log began: nothing heard so far counts.
    pub fn renew_heard(&mut self) {
        (self.first, self.late) = (None, BTreeSet::new());
    }

    /// The ring of the channel, begun with the first subscriber that wants one.
    pub fn ring(&mut self, size: usize, epoch: impl FnOnce() -> Epoch) -> &mut (Ring, Epoch) {
        self.ring.get_or_insert_with(|| (Ring::new(Bounds { count: size, bytes: 4 << 20, age: RING_AGE }), epoch()))
    }

    /// Gives a joining subscriber its place: what was read, up to an end of right in it. It goes on buffering until [`Inner::go_live`].
    /// `None` when the subscriber is gone.
    pub fn settle(&mut self, seat: Seat, grant: Arc<Grant>, read: Recovered) -> Option<Joined> {
        let subscriber = self.at(seat)?;
        let joined = Joining::begin(0, None).join(read, &subscriber.user, None);
        if let State::Joining { place, .. } = &mut subscriber.state {
            *place = Some(joined.place.clone());
        }
        subscriber.grant = Some(grant);
        Some(joined)
    }

    /// Gives a joining subscriber of a ephemeral channel its grant and its place in the ring, 0 where there is none.
    pub fn settle_ephemeral(&mut self, seat: Seat, grant: Arc<Grant>, at: Offset) {
        if let Some(subscriber) = self.at(seat) {
            subscriber.grant = Some(grant);
            if let State::Joining { place, .. } = &mut subscriber.state {
                *place = Some(Place::after(at));
            }
        }
    }

    /// The reply is written: `rows` and what came meanwhile follow, then everything as it comes.
    ///
    /// `Err(offset)` = the log must be read once more from there, and this be called with what it said.
    pub fn go_live(&mut self, seat: Seat, rows: Vec<Entry>, told: &mut Told) -> Result<(), Offset> {
        let name = self.name.clone();
        let top = self.handed_out();
        let Some(subscriber) = self.at(seat) else { return Ok(()) };
        let State::Joining { kept, ephemeral, place } = &mut subscriber.state else { return Ok(()) };
        let from = place.as_ref().map_or(0, Place::last);
        let ephemeral = std::mem::take(ephemeral);
        let joined =
            std::mem::replace(kept, Joining::begin(JOIN_BYTES, None)).join(Recovered { from, rows }, &subscriber.user, top);
        let last = joined.place.last();
        let mut said: Vec<Arc<Said>> = joined.deliver.into_iter().map(|row| Arc::new(Said::new(&name, row))).collect();
        if joined.ended == Some(Ended::Gap) {
            *place = Some(joined.place);
        } else {
            said.extend(ephemeral.into_iter().filter(|said| said.row.offset == 0 || said.row.offset > from));
            let last = said.last().map_or(last, |said| said.row.offset.max(last));
            subscriber.state = State::Live(Place::after(last));
        }
        if !said.is_empty() {
            subscriber.pass(&name, &Batch::new(said), 0, true, told);
        }
        if joined.in_doubt {
            told.after.push(After::Doubt(subscriber.sink.clone(), seat));
        }
        match joined.ended {
            Some(Ended::Gap) => return Err(last),
            Some(Ended::Right) => self.end(seat, 2000, "server unsubscribe", told),
            None => {
                let info = subscriber.is_told().then(|| subscriber.info());
                if let Some(info) = info {
                    self.tell(PushBody::Join(JoinPush { info: Some(info) }));
                }
            }
        }
        Ok(())
    }

    /// The last number that everybody here was handed: the tail's top, less what the fan-out has still before it.
    fn handed_out(&self) -> Option<Offset> {
        let before = self.pending.first().map_or(self.fanning_from, |said| self.fanning_from.or(Some(said.row.offset)));
        let top = self.tail.as_ref()?.top()?;
        Some(before.map_or(top, |offset| top.min(offset.saturating_sub(1))))
    }

    /// Whether rights must be read again before a subscriber that joined here is shown the state at `from`.
    pub fn needs_rights_again(&mut self, seat: Seat, from: Offset) -> bool {
        match self.at(seat).map(|subscriber| &subscriber.state) {
            Some(State::Joining { kept, .. }) => kept.needs_rights_again(from),
            _ => false,
        }
    }

    /// Whether what was read crosses an older end of the subscriber's right: then it is not shown.
    pub fn outlives_end(&mut self, seat: Seat, read: &Recovered) -> bool {
        match self.at(seat) {
            Some(Subscriber { state: State::Joining { kept, .. }, user, .. }) => kept.outlives_end(read, user),
            _ => false,
        }
    }

    /// A stale reader begins to buffer again, before the whole is read. Returns its last number; `None` when it is not stale.
    pub fn rejoin(&mut self, seat: Seat) -> Option<Offset> {
        let subscriber = self.at(seat)?;
        let State::Stale(place) = &subscriber.state else { return None };
        let last = place.last();
        subscriber.state =
            State::Joining { kept: Joining::begin(JOIN_BYTES, None), ephemeral: Vec::new(), place: Some(Place::after(last)) };
        Some(last)
    }

    /// The whole for a reader that lagged, then what came while it was read.
    pub fn resume(&mut self, seat: Seat, whole: Vec<Arc<Said>>, at: Offset, told: &mut Told) {
        let name = self.name.clone();
        let Some(subscriber) = self.at(seat) else { return };
        let State::Joining { ephemeral, .. } = &mut subscriber.state else { return };
        let mut said = whole;
        said.extend(std::mem::take(ephemeral).into_iter().filter(|said| said.row.offset == 0 || said.row.offset > at));
        let last = said.last().map_or(at, |said| said.row.offset.max(at));
        subscriber.state = State::Live(Place::after(last));
        if !said.is_empty() {
            subscriber.pass(&name, &Batch::new(said), 0, true, told);
        }
    }

    /// Gives a batch to the subscribers in these slots.
    pub fn fan_out(&mut self, batch: &Batch, slots: std::ops::Range<usize>, told: &mut Told) {
        let is_kept = self.tail.is_some();
        let mut endings: SmallVec<[(Seat, u32, &str); 2]> = SmallVec::new();
        for slot in slots {
            let Some(Some(subscriber)) = self.slots.get_mut(slot) else { continue };
            let seat = Seat { slot: slot as u32, id: subscriber.id };
            match subscriber.give(&self.name, batch, is_kept, seat, told) {
                Given::On => {}
                Given::Right => endings.push((seat, 2000, "server unsubscribe")),
                Given::Gap if subscriber.is_server_side => subscriber.sink.close(Disconnect::INSUFFICIENT_STATE),
                Given::Gap => endings.push((seat, 2500, "insufficient state")),
            }
        }
        for (seat, code, reason) in endings {
            self.end(seat, code, reason, told);
        }
    }

    /// A join or leave for everybody who wants to hear it.
    fn tell(&self, body: PushBody) {
        let hears = |of: &&Subscriber| of.grant.as_ref().is_some_and(|grant| grant.join_leave == JoinLeave::Both);
        let mut hearing = self.live().filter(hears).peekable();
        if hearing.peek().is_some() {
            let push = Broadcast::new(Push::on(&*self.name, body));
            hearing.for_each(|subscriber| subscriber.sink.push(&push));
        }
    }
}
