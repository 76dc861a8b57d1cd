//! What the captures hold, one item after the other, without making anybody wait who has something to write.

use crate::capture::{Inputs, Item, Progress, Report, Skipped};
use core::time::Duration;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::thread;

/// So many frames of a live capture may wait to be looked at.
const WAITING: usize = 4096;

/// Whether to stop is asked so often while a live capture is silent.
const SILENCE: Duration = Duration::from_millis(100);

/// Frames and damage of all captures.
pub(super) enum Feed {
    /// Files: what comes next is always at hand.
    Files(Box<Inputs>),
    /// A pipe among them: reading has a thread of its own, so that its silence holds nothing up.
    Live(Live),
}

/// What a feed has.
pub(super) enum Next {
    Item(Item),
    /// Nothing for the time being.
    Nothing,
    End,
}

pub(super) struct Live {
    from: Receiver<Fed>,
    /// The last look found nothing: the next one waits.
    wait: bool,
    progress: Progress,
    reports: Vec<Report>,
    inputs: Option<Box<Inputs>>,
}

enum Fed {
    Opened(Progress, Vec<Report>),
    Item(Item),
    Done(Box<Inputs>),
}

impl Feed {
    pub(super) fn open(captures: &[PathBuf]) -> Self {
        if !captures.iter().any(|capture| is_live(capture)) {
            return Self::Files(Box::new(Inputs::open(captures)));
        }
        let (to, from) = sync_channel(WAITING);
        let captures = captures.to_vec();
        // Not waited for: when the run is to stop, this one may sit in a read that never ends.
        thread::spawn(move || read(&captures, &to));
        Self::Live(Live {
            from,
            wait: false,
            progress: Progress::default(),
            reports: Vec::new(),
            inputs: None,
        })
    }

    pub(super) const fn is_live(&self) -> bool {
        matches!(self, Self::Live(_))
    }

    pub(super) fn next(&mut self) -> Next {
        match self {
            Self::Files(inputs) => inputs.next().map_or(Next::End, Next::Item),
            Self::Live(live) => live.next(),
        }
    }

    /// How far the reading is.
    pub(super) fn progress(&self) -> Progress {
        match self {
            Self::Files(inputs) => inputs.progress(),
            Self::Live(live) => live.progress.clone(),
        }
    }

    /// What is known of each input; after the end, all.
    pub(super) fn reports(&self) -> &[Report] {
        match self {
            Self::Files(inputs) => inputs.reports(),
            Self::Live(live) => live.inputs.as_ref().map_or(&live.reports, |inputs| inputs.reports()),
        }
    }

    /// The files of folders that are no captures; known at the end.
    pub(super) fn skipped(&self) -> &[Skipped] {
        match self {
            Self::Files(inputs) => inputs.skipped(),
            Self::Live(live) => live.inputs.as_ref().map_or(&[], |inputs| inputs.skipped()),
        }
    }
}

impl Live {
    fn next(&mut self) -> Next {
        loop {
            let fed = if self.wait {
                self.from.recv_timeout(SILENCE).map_err(|error| error == RecvTimeoutError::Timeout)
            } else {
                self.from.try_recv().map_err(|error| error == TryRecvError::Empty)
            };
            self.wait = matches!(fed, Err(true));
            match fed {
                Ok(Fed::Opened(progress, reports)) => (self.progress, self.reports) = (progress, reports),
                Ok(Fed::Item(item)) => {
                    self.count(&item);
                    return Next::Item(item);
                }
                Ok(Fed::Done(inputs)) => self.inputs = Some(inputs),
                Err(true) => return Next::Nothing,
                Err(false) => return Next::End,
            }
        }
    }

    /// What a report says when the run stops before the input ends.
    fn count(&mut self, item: &Item) {
        let input = match item {
            Item::Frame(frame) => frame.input,
            Item::Damage(damage) => damage.input,
        };
        let report =
            usize::try_from(input).ok().and_then(|input| self.reports.get_mut(input.checked_sub(1)?));
        match (report, item) {
            (Some(report), Item::Frame(_)) => report.frames += 1,
            (Some(report), Item::Damage(damage)) => report.damage.push(damage.clone()),
            (None, _) => {}
        }
    }
}

/// Reads until the end, or until nobody listens.
fn read(captures: &[PathBuf], to: &SyncSender<Fed>) {
    let mut inputs = Box::new(Inputs::open(captures));
    // The damage that opening found comes again as an item.
    let reports = inputs.reports().iter().cloned().map(|mut report| {
        (report.frames, report.damage) = (0, Vec::new());
        report
    });
    let opened = Fed::Opened(inputs.progress(), reports.collect());
    if to.send(opened).is_err() {
        return;
    }
    for item in inputs.by_ref() {
        if to.send(Fed::Item(item)).is_err() {
            return;
        }
    }
    let _ = to.send(Fed::Done(inputs));
}

/// Whether somebody may still be writing it.
fn is_live(capture: &Path) -> bool {
    capture.as_os_str() == "-" || fs::metadata(capture).is_ok_and(|meta| !meta.is_file() && !meta.is_dir())
}
