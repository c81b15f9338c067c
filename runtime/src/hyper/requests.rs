#![forbid(unsafe_code)]
//! The requests that are open on a connection, counted where its service is called.
//!
//! hyper does not say whether it has any. So each request counts from the call of the
//! service until its response, the response's body and each piece of it that hyper still has to send
//! are dropped: a body that waits for the client's window is an open request.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use ::hyper::body::{Body, Buf, Frame, Incoming, SizeHint};
use ::hyper::service::Service;
use ::hyper::{Method, Request, Response};
use parking_lot::Mutex;
use pin_project_lite::pin_project;

use crate::time::Instant;

use super::service::ConnectionService;

/// How many requests are open on a connection.
#[derive(Debug)]
pub(super) struct Requests(Mutex<Open>);

#[derive(Debug)]
struct Open {
    len: usize,
    /// When the last one ended, or the connection began.
    idle_since: Instant,
}

impl Requests {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(Open {
            len: 0,
            idle_since: Instant::now(),
        })))
    }

    /// Since when there has been none; `None` if there is one.
    pub(super) fn idle_since(&self) -> Option<Instant> {
        let open = self.0.lock();
        (open.len == 0).then_some(open.idle_since)
    }

    /// Is there one?
    pub(super) fn any(&self) -> bool {
        self.0.lock().len > 0
    }

    /// There has been none so far, and the time without begins anew.
    pub(super) fn restart(&self) {
        self.0.lock().idle_since = Instant::now();
    }

    fn begin(self: &Arc<Self>) -> OpenRequest {
        self.0.lock().len += 1;
        OpenRequest(Arc::clone(self))
    }
}

/// Counts as an open request until it is dropped.
#[derive(Debug)]
struct OpenRequest(Arc<Requests>);

impl OpenRequest {
    fn another(&self) -> Self {
        self.0.begin()
    }

    /// A tunnel: nobody tells when it ends, so it counts as long as the connection.
    fn stay(&self) {
        self.0.0.lock().len += 1;
    }
}

impl Drop for OpenRequest {
    fn drop(&mut self) {
        let mut open = self.0.0.lock();
        open.len -= 1;
        if open.len == 0 {
            open.idle_since = Instant::now();
        }
    }
}

/// A service whose requests are counted.
pub(super) struct Counted<S> {
    /// hyper's trait for services takes `&mut self` where the one to implement has `&self`. It is
    /// called by the connection alone.
    service: RefCell<S>,
    requests: Arc<Requests>,
}

impl<S> Counted<S> {
    pub(super) fn new(service: S, requests: Arc<Requests>) -> Self {
        Self {
            service: RefCell::new(service),
            requests,
        }
    }
}

impl<S: ConnectionService> Service<Request<Incoming>> for Counted<S> {
    type Response = Response<CountedBody<S::ResBody>>;
    type Error = S::Error;
    type Future = CountedFuture<S::Future>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let open = self.requests.begin();
        let is_connect = request.method() == Method::CONNECT;
        CountedFuture {
            future: self.service.borrow_mut().call(request),
            open: Some(open),
            is_connect,
        }
    }
}

pin_project! {
    pub(super) struct CountedFuture<F> {
        #[pin]
        future: F,
        // The body has it afterwards.
        open: Option<OpenRequest>,
        is_connect: bool,
    }
}

impl<F, B, E> Future for CountedFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = Result<Response<CountedBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let response = ready!(this.future.poll(context))?;
        let open = this
            .open
            .take()
            .expect("it is polled no more when it is ready");
        if *this.is_connect && response.status().is_success() {
            open.stay();
        }
        Poll::Ready(Ok(response.map(|body| CountedBody { body, open })))
    }
}

pin_project! {
    pub(super) struct CountedBody<B> {
        #[pin]
        body: B,
        open: OpenRequest,
    }
}

impl<B: Body> Body for CountedBody<B> {
    type Data = CountedData<B::Data>;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let this = self.project();
        let frame = ready!(this.body.poll_frame(context)?);
        let counted = |data| CountedData {
            data,
            _open: this.open.another(),
        };
        Poll::Ready(frame.map(|frame| Ok(frame.map_data(counted))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A piece of a body. hyper drops it when it has been written.
pub(super) struct CountedData<D> {
    data: D,
    _open: OpenRequest,
}

impl<D: Buf> Buf for CountedData<D> {
    fn remaining(&self) -> usize {
        self.data.remaining()
    }

    fn chunk(&self) -> &[u8] {
        self.data.chunk()
    }

    fn chunks_vectored<'a>(&'a self, slices: &mut [std::io::IoSlice<'a>]) -> usize {
        self.data.chunks_vectored(slices)
    }

    fn advance(&mut self, n: usize) {
        self.data.advance(n);
    }
}
