//! Group commit: many callers share one transaction, each has its own answer.
//!
//! Members wait in a bounded queue; a worker takes whatever has gathered while the last batch was
//! being written, so a lone caller waits for nobody and a crowd shares one flush. Of several workers a
//! further one begins only with a batch worth its commit. A batch that fails
//! falls back to its members one by one, so that one bad member fails alone; a batch that failed
//! because the store is out of reach does not, or a queue of them would wait out as many time limits.
//! A panic is a failure like another: the worker lives.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::FutureExt;
use tokio::sync::{Mutex, mpsc, oneshot, watch};

/// Members one batch holds at most.
pub const LARGEST: usize = 256;
/// Members for which a further worker begins while another writes: a transaction costs as much for one
/// member as for dozens.
const WORTH_A_COMMIT: usize = 64;
/// How long a smaller batch waits for the one that is being written. It does not wait out one that
/// hangs.
const PATIENCE: Duration = Duration::from_millis(10);
/// Members that may wait.
const QUEUE: usize = 4096;

/// What a batch does: answers its members in order, or fails whole. Tried again one by one, members
/// must not have been half done.
pub trait Apply<M, V, E>: Send + Sync + 'static {
    /// Applies the members in one transaction.
    fn apply(&self, members: &[M]) -> impl Future<Output = Result<Vec<Result<V, E>>, E>> + Send;

    /// What a member whose batch panicked is told.
    fn panicked(&self) -> E;

    /// Where each member by itself would meet the same failure, what every one of them is told.
    fn common(&self, error: &E) -> Option<E>;
}

/// The queue's end that callers hold. Cheap to clone.
pub struct Batch<M, V, E> {
    queue: mpsc::Sender<Waiting<M, V, E>>,
}

struct Waiting<M, V, E> {
    member: M,
    answer: oneshot::Sender<Result<V, E>>,
}

/// Why a member can't be queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unqueued {
    /// The gateway is stopping.
    Closed,
    /// As many as may wait do: come back later.
    Full,
}

impl<M, V, E> Clone for Batch<M, V, E> {
    fn clone(&self) -> Self {
        Self {
            queue: self.queue.clone(),
        }
    }
}

impl<M, V, E> Batch<M, V, E>
where
    M: Send + Sync + 'static,
    V: Send + 'static,
    E: Send + 'static,
{
    /// Starts `workers` workers. They end when every end held by callers is dropped.
    pub fn start(workers: usize, apply: Arc<impl Apply<M, V, E>>) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let waiting = Arc::new(Mutex::new(waiting));
        let (writing, _) = watch::channel(0);
        for _ in 0..workers {
            tokio::spawn(work(waiting.clone(), writing.clone(), apply.clone()));
        }
        Self { queue }
    }

    /// Queues a member of a stream; the receiver gets its answer. Waits while the queue is full, and
    /// so slows the sender down.
    pub async fn queue(&self, member: M) -> Result<oneshot::Receiver<Result<V, E>>, Unqueued> {
        let (answer, receiver) = oneshot::channel();
        self.queue
            .send(Waiting { member, answer })
            .await
            .map_err(|_| Unqueued::Closed)?;
        Ok(receiver)
    }

    /// Queues a member by itself and waits for its answer. Does not wait for a place.
    pub async fn submit(&self, member: M) -> Result<Result<V, E>, Unqueued> {
        let (answer, receiver) = oneshot::channel();
        self.queue
            .try_send(Waiting { member, answer })
            .map_err(|refused| match refused {
                mpsc::error::TrySendError::Full(_) => Unqueued::Full,
                mpsc::error::TrySendError::Closed(_) => Unqueued::Closed,
            })?;
        receiver.await.map_err(|_| Unqueued::Closed)
    }
}

/// Takes what waits. While others write, waits for more, for one of them to end, or until patience is
/// at its end. Empty: every end held by callers is dropped.
async fn gather<T>(
    queue: &mut mpsc::Receiver<T>,
    writing: &watch::Sender<usize>,
    patience: Duration,
) -> Vec<T> {
    let mut gathered = Vec::with_capacity(LARGEST);
    queue.recv_many(&mut gathered, LARGEST).await;
    // Only one worker gathers at a time, so until it is done others can only end.
    let mut others = writing.subscribe();
    if *others.borrow() == 0 {
        return gathered;
    }
    let more = async {
        while gathered.len() < WORTH_A_COMMIT {
            let room = LARGEST - gathered.len();
            if queue.recv_many(&mut gathered, room).await == 0 {
                return;
            }
        }
    };
    tokio::select! {
        () = more => {}
        _ = others.changed() => {}
        () = tokio::time::sleep(patience) => {}
    }
    gathered
}

async fn work<M, V, E>(
    queue: Arc<Mutex<mpsc::Receiver<Waiting<M, V, E>>>>,
    writing: watch::Sender<usize>,
    apply: Arc<impl Apply<M, V, E>>,
) where
    M: Send + Sync + 'static,
    V: Send + 'static,
    E: Send + 'static,
{
    loop {
        let gathered = {
            let mut queue = queue.lock().await;
            let gathered = gather(&mut queue, &writing, PATIENCE).await;
            if gathered.is_empty() {
                return;
            }
            writing.send_modify(|n| *n += 1);
            gathered
        };
        let (members, answers): (Vec<M>, Vec<_>) =
            gathered.into_iter().map(|w| (w.member, w.answer)).unzip();
        let written = caught(&*apply, &members).await;
        writing.send_modify(|n| *n -= 1);
        match written {
            Ok(verdicts) => {
                for (answer, verdict) in answers.into_iter().zip(verdicts) {
                    // A caller that went away misses nothing: what it asked is done, and a retry
                    // hears the same answer.
                    let _ = answer.send(verdict);
                }
            }
            Err(error) if members.len() == 1 => {
                if let Some(answer) = answers.into_iter().next() {
                    let _ = answer.send(Err(error));
                }
            }
            Err(error) if apply.common(&error).is_some() => {
                for answer in answers {
                    if let Some(common) = apply.common(&error) {
                        let _ = answer.send(Err(common));
                    }
                }
            }
            Err(_) => alone(&*apply, members, answers).await,
        }
    }
}

/// Applies members; a panic is a failure. The transaction it left is rolled back as it is dropped.
async fn caught<M, V, E>(
    apply: &impl Apply<M, V, E>,
    members: &[M],
) -> Result<Vec<Result<V, E>>, E> {
    // What was panicked with is not logged: it may hold anything. The hook has told the place.
    AssertUnwindSafe(apply.apply(members))
        .catch_unwind()
        .await
        .unwrap_or_else(|_| Err(apply.panicked()))
}

/// The batch failed: each member tries by itself.
async fn alone<M, V, E>(
    apply: &impl Apply<M, V, E>,
    members: Vec<M>,
    answers: Vec<oneshot::Sender<Result<V, E>>>,
) {
    for (member, answer) in members.into_iter().zip(answers) {
        let verdict = match caught(apply, std::slice::from_ref(&member)).await {
            Ok(verdicts) => verdicts.into_iter().next(),
            Err(error) => Some(Err(error)),
        };
        if let Some(verdict) = verdict {
            let _ = answer.send(verdict);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[derive(Debug, PartialEq)]
    enum Failure {
        Bad,
        Panicked,
        OutOfReach,
    }

    /// Doubles numbers; 7 is bad, 13 a bug, and above 100 the store is out of reach.
    #[derive(Default)]
    struct Doubling {
        applied: AtomicUsize,
    }

    impl Apply<u32, u32, Failure> for Doubling {
        async fn apply(&self, members: &[u32]) -> Result<Vec<Result<u32, Failure>>, Failure> {
            self.applied.fetch_add(1, Ordering::Relaxed);
            if members.iter().any(|&n| n > 100) {
                return Err(Failure::OutOfReach);
            }
            if members.contains(&7) {
                return Err(Failure::Bad);
            }
            assert!(!members.contains(&13), "a bug");
            Ok(members.iter().map(|n| Ok(n * 2)).collect())
        }

        fn panicked(&self) -> Failure {
            Failure::Panicked
        }

        fn common(&self, error: &Failure) -> Option<Failure> {
            (*error == Failure::OutOfReach).then_some(Failure::OutOfReach)
        }
    }

    /// Queues all before the worker can take any, so that they share a batch.
    async fn answers(of: &[u32]) -> (Vec<Result<u32, Failure>>, usize) {
        let doubling = Arc::new(Doubling::default());
        let batch = Batch::start(1, doubling.clone());
        let mut receivers = Vec::new();
        for &n in of {
            receivers.push(batch.queue(n).await.unwrap());
        }
        let mut answers = Vec::new();
        for receiver in receivers {
            answers.push(receiver.await.unwrap());
        }
        (answers, doubling.applied.load(Ordering::Relaxed))
    }

    #[tokio::test]
    async fn one_bad_member_fails_alone() {
        let (answers, applied) = answers(&[1, 7, 3]).await;
        assert_eq!(answers, [Ok(2), Err(Failure::Bad), Ok(6)]);
        assert_eq!(applied, 4);
    }

    /// Break it: call `apply.apply` instead of `caught` in `work`.
    #[tokio::test]
    async fn a_panic_fails_its_member_alone_and_the_worker_lives() {
        let (answers, _) = answers(&[13, 2, 13, 4]).await;
        let panicked = || Err(Failure::Panicked);
        assert_eq!(answers, [panicked(), Ok(4), panicked(), Ok(8)]);
    }

    #[tokio::test]
    async fn out_of_reach_is_told_to_all_at_once() {
        let (answers, applied) = answers(&[101, 1, 2]).await;
        assert!(answers.iter().all(|a| *a == Err(Failure::OutOfReach)));
        assert_eq!(applied, 1);
    }

    /// What is gathered while so many others write, where more members come one by one.
    async fn gathered(others: usize, more: usize, patience: Duration) -> usize {
        let (send, mut queue) = mpsc::channel(QUEUE);
        send.send(0).await.unwrap();
        let (writing, _) = watch::channel(others);
        let coming = async {
            for n in 0..more {
                tokio::task::yield_now().await;
                send.send(n).await.unwrap();
            }
        };
        let gathering = gather(&mut queue, &writing, patience);
        tokio::join!(gathering, coming).0.len()
    }

    /// Break it: leave out the `select!` of `gather`.
    #[tokio::test]
    async fn a_further_worker_begins_with_a_batch_worth_its_commit() {
        let ever = Duration::from_secs(3600);
        assert_eq!(gathered(0, 100, ever).await, 1, "a lone caller");
        assert_eq!(gathered(1, 100, ever).await, WORTH_A_COMMIT);
        let short = Duration::from_millis(1);
        assert_eq!(gathered(1, 0, short).await, 1, "beside one that hangs");
    }

    #[tokio::test]
    async fn a_further_worker_begins_when_another_ends() {
        let (send, mut queue) = mpsc::channel(QUEUE);
        send.send(()).await.unwrap();
        let (writing, _) = watch::channel(1);
        let ends = async {
            tokio::task::yield_now().await;
            writing.send_modify(|n| *n -= 1);
        };
        let gathering = gather(&mut queue, &writing, Duration::from_secs(3600));
        assert_eq!(tokio::join!(gathering, ends).0.len(), 1);
    }

    /// Holds every batch until it is told to go on.
    struct Held(Arc<tokio::sync::Notify>);

    impl Apply<u32, u32, ()> for Held {
        async fn apply(&self, members: &[u32]) -> Result<Vec<Result<u32, ()>>, ()> {
            self.0.notified().await;
            Ok(members.iter().map(|m| Ok(*m)).collect())
        }

        fn panicked(&self) {}

        fn common(&self, (): &()) -> Option<()> {
            None
        }
    }

    /// Invariant 12.
    #[tokio::test]
    async fn one_too_many_is_told_and_those_that_wait_are_answered() {
        let go = Arc::new(tokio::sync::Notify::new());
        let batch = Batch::start(1, Arc::new(Held(go.clone())));
        let mut waiting = Vec::new();
        // Until the worker holds a batch and the queue is full: then a stream waits.
        let soon = std::time::Duration::from_millis(200);
        while let Ok(queued) = tokio::time::timeout(soon, batch.queue(7)).await {
            waiting.push(queued.unwrap());
        }
        assert!(waiting.len() >= QUEUE);
        let refused = tokio::time::timeout(soon, batch.submit(9)).await;
        assert_eq!(
            refused,
            Ok(Err(Unqueued::Full)),
            "a call by itself does not"
        );
        let going = tokio::spawn(async move {
            loop {
                go.notify_one();
                tokio::task::yield_now().await;
            }
        });
        for answer in waiting {
            assert_eq!(answer.await.unwrap(), Ok(7));
        }
        going.abort();
    }
}
