//! A connection whose answers leave together.
//!
//! HTTP/2 flushes after each answer, and tokio runs whom a task has woken right after that task: of 64 callers whose events were
//! stored together, each got a system call and a segment of its own. Here a flush waits until the runtime has run what was ready,
//! so that it takes along what others answer meanwhile. Where nothing else is ready that is at once, and at the latest it is when
//! tokio next looks at its sockets, after some 60 tasks.

use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker, ready};

use bytes::{Buf, BytesMut};
use futures::task::AtomicWaker;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tonic::transport::server::Connected;

/// So many bytes leave without waiting for more: a frame of HTTP/2, as large as it is unless the two agree otherwise.
const FULL: usize = 16 * 1024;
/// A connection without answers on their way keeps room for so many bytes.
const KEPT: usize = 4 * 1024;

/// A stream that gathers what is written until it is flushed and the runtime has nothing else to do.
pub(crate) struct Gathered<S> {
    stream: S,
    waiting: BytesMut,
    flush: Flush,
    turn: Arc<Turn>,
    waker: Waker,
}

/// How far a flush is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flush {
    Idle,
    Waiting,
    Writing,
}

/// The moment at which the runtime has run what was ready.
#[derive(Default)]
struct Turn {
    came: AtomicBool,
    task: AtomicWaker,
}

impl Wake for Turn {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.came.store(true, Ordering::Release);
        self.task.wake();
    }
}

impl<S> Gathered<S> {
    pub(crate) fn new(stream: S) -> Self {
        let turn = Arc::<Turn>::default();
        let waker = Waker::from(Arc::clone(&turn));
        Self { stream, waiting: BytesMut::new(), flush: Flush::Idle, turn, waker }
    }

    fn wait_for_turn(&self) {
        self.turn.came.store(false, Ordering::Release);
        // Polled once it leaves its waker with the runtime, which is all that is wanted of it.
        let _ = pin!(tokio::task::yield_now()).poll(&mut Context::from_waker(&self.waker));
    }

    fn poll_turn(&self, cx: &Context<'_>) -> Poll<()> {
        self.turn.task.register(cx.waker());
        if self.turn.came.load(Ordering::Acquire) { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl<S: AsyncWrite + Unpin> Gathered<S> {
    /// Hands everything that waits to the stream.
    fn poll_write_out(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.waiting.has_remaining() {
            let written = ready!(Pin::new(&mut self.stream).poll_write(cx, &self.waiting))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.waiting.advance(written);
        }
        if self.waiting.capacity() > KEPT {
            self.waiting = BytesMut::new();
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Gathered<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.waiting.len() + bytes.len() > FULL {
            ready!(this.poll_write_out(cx))?;
            if bytes.len() > FULL {
                return Pin::new(&mut this.stream).poll_write(cx, bytes);
            }
        }
        this.waiting.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.flush == Flush::Idle && this.waiting.has_remaining() {
            this.wait_for_turn();
            this.flush = Flush::Waiting;
        }
        if this.flush == Flush::Waiting {
            ready!(this.poll_turn(cx));
            this.flush = Flush::Writing;
        }
        ready!(this.poll_write_out(cx))?;
        this.flush = Flush::Idle;
        Pin::new(&mut this.stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_write_out(cx))?;
        Pin::new(&mut this.stream).poll_shutdown(cx)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Gathered<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(cx, buffer)
    }
}

impl<S: Connected> Connected for Gathered<S> {
    type ConnectInfo = S::ConnectInfo;

    fn connect_info(&self) -> Self::ConnectInfo {
        self.stream.connect_info()
    }
}

#[cfg(test)]
mod tests {
    use futures::poll;
    use tokio::io::AsyncWriteExt;

    use super::*;

    /// Keeps what each write brought; takes at most so many bytes at once.
    struct Writes {
        writes: Vec<Vec<u8>>,
        most: usize,
        is_shut: bool,
    }

    impl AsyncWrite for Writes {
        fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
            let taken = bytes.len().min(self.most);
            self.writes.push(bytes[..taken].to_vec());
            Poll::Ready(Ok(taken))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            self.is_shut = true;
            Poll::Ready(Ok(()))
        }
    }

    fn gathered(most: usize) -> Gathered<Writes> {
        Gathered::new(Writes { writes: Vec::new(), most, is_shut: false })
    }

    fn written(connection: &Gathered<Writes>) -> Vec<u8> {
        connection.stream.writes.concat()
    }

    #[tokio::test]
    async fn what_is_written_while_others_run_leaves_together() {
        let mut connection = gathered(usize::MAX);
        for answer in [b"one ", b"two "] {
            connection.write_all(answer).await.expect("there is room");
            // As often as it is asked within one turn.
            assert!(poll!(pin!(connection.flush())).is_pending());
        }
        assert!(connection.stream.writes.is_empty());
        connection.write_all(b"three").await.expect("there is room");
        connection.flush().await.expect("written");
        assert_eq!(connection.stream.writes, [b"one two three"]);
        connection.flush().await.expect("nothing is left");
        connection.write_all(b"next").await.expect("there is room");
        connection.flush().await.expect("written");
        assert_eq!(connection.stream.writes[1..], [b"next"]);
    }

    #[tokio::test]
    async fn a_flush_goes_on_where_the_stream_takes_little() {
        let mut connection = gathered(3);
        connection.write_all(b"an answer").await.expect("there is room");
        connection.flush().await.expect("written");
        assert_eq!(written(&connection), b"an answer");
    }

    #[tokio::test]
    async fn much_leaves_at_once_and_in_order() {
        let mut connection = gathered(usize::MAX);
        connection.write_all(b"begin ").await.expect("there is room");
        connection.write_all(&vec![b'x'; FULL]).await.expect("written");
        assert_eq!(connection.stream.writes, [b"begin "], "no more than a frame is kept");
        connection.write_all(&vec![b'y'; FULL + 1]).await.expect("written");
        assert_eq!(connection.stream.writes.len(), 3, "more than a frame is not copied");
        assert_eq!(written(&connection).len(), 6 + FULL + FULL + 1);
    }

    #[tokio::test]
    async fn nothing_is_left_behind_when_it_is_shut() {
        let mut connection = gathered(usize::MAX);
        connection.write_all(b"good bye").await.expect("there is room");
        connection.shutdown().await.expect("shut");
        assert_eq!(written(&connection), b"good bye");
        assert!(connection.stream.is_shut);
    }

    #[tokio::test]
    async fn a_stream_that_takes_nothing_is_an_error() {
        let mut connection = gathered(0);
        connection.write_all(b"an answer").await.expect("there is room");
        let error = connection.flush().await.expect_err("nothing was written");
        assert_eq!(error.kind(), io::ErrorKind::WriteZero);
    }
}
