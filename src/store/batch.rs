//! Group commit: many callers share one transaction, each has its own answer.
//!
//! Members wait in a bounded queue; a worker takes whatever has gathered while the last batch was
//! being written, so a lone caller waits for nobody and a crowd shares one flush. A batch that fails
//! falls back to its members one by one, so that one bad member fails alone.

use std::sync::Arc;

use tokio::sync::{Mutex, mpsc, oneshot};

/// Members one batch holds at most.
pub const LARGEST: usize = 256;
/// Members that may wait.
const QUEUE: usize = 4096;

/// What a batch does: answers its members in order, or fails whole. Tried again one by one, members
/// must not have been half done.
pub trait Apply<M, V, E>: Send + Sync + 'static {
    /// Applies the members in one transaction.
    fn apply(&self, members: &[M]) -> impl Future<Output = Result<Vec<Result<V, E>>, E>> + Send;
}

/// The queue's end that callers hold. Cheap to clone.
pub struct Batch<M, V, E> {
    queue: mpsc::Sender<Waiting<M, V, E>>,
}

struct Waiting<M, V, E> {
    member: M,
    answer: oneshot::Sender<Result<V, E>>,
}

/// The queue is closed: the gateway is stopping.
#[derive(Debug)]
pub struct Closed;

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
        for _ in 0..workers {
            tokio::spawn(work(waiting.clone(), apply.clone()));
        }
        Self { queue }
    }

    /// Queues a member; the receiver gets its answer. Waits while the queue is full.
    pub async fn queue(&self, member: M) -> Result<oneshot::Receiver<Result<V, E>>, Closed> {
        let (answer, receiver) = oneshot::channel();
        self.queue
            .send(Waiting { member, answer })
            .await
            .map_err(|_| Closed)?;
        Ok(receiver)
    }

    /// Queues a member and waits for its answer.
    pub async fn submit(&self, member: M) -> Result<Result<V, E>, Closed> {
        self.queue(member).await?.await.map_err(|_| Closed)
    }
}

async fn work<M, V, E>(
    queue: Arc<Mutex<mpsc::Receiver<Waiting<M, V, E>>>>,
    apply: Arc<impl Apply<M, V, E>>,
) where
    M: Send + Sync + 'static,
    V: Send + 'static,
    E: Send + 'static,
{
    loop {
        let mut gathered = Vec::with_capacity(LARGEST);
        if queue.lock().await.recv_many(&mut gathered, LARGEST).await == 0 {
            return;
        }
        let (members, answers): (Vec<M>, Vec<_>) =
            gathered.into_iter().map(|w| (w.member, w.answer)).unzip();
        match apply.apply(&members).await {
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
            Err(_) => alone(&*apply, members, answers).await,
        }
    }
}

/// The batch failed: each member tries by itself.
async fn alone<M, V, E>(
    apply: &impl Apply<M, V, E>,
    members: Vec<M>,
    answers: Vec<oneshot::Sender<Result<V, E>>>,
) {
    for (member, answer) in members.into_iter().zip(answers) {
        let verdict = match apply.apply(std::slice::from_ref(&member)).await {
            Ok(verdicts) => verdicts.into_iter().next(),
            Err(error) => Some(Err(error)),
        };
        if let Some(verdict) = verdict {
            let _ = answer.send(verdict);
        }
    }
}
