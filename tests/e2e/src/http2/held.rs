//! Answers that stay open, over one HTTP/2 connection.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use h2::RecvStream;
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

use super::{connect, head};
use crate::request::{Door, Request};

/// A connection with open answers, in the order of their requests.
#[derive(Debug)]
pub struct Held {
    runtime: Runtime,
    answers: Vec<RecvStream>,
    // A request whose body has not ended stays open from this side too.
    _bodies: Vec<h2::SendStream<axum::body::Bytes>>,
}

impl Door<'_> {
    /// Sends requests whose answers do not end, and waits until each has begun with a 200. What
    /// is no GET keeps its body open.
    ///
    /// # Errors
    /// When one is answered otherwise.
    pub fn hold(&self, requests: &[Request]) -> Result<Held> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (answers, bodies) = runtime.block_on(async {
            let mut client = connect(self).await?;
            let (mut answers, mut bodies) = (Vec::new(), Vec::new());
            for request in requests {
                client = client.ready().await?;
                let ends = request.method == "GET";
                let (answer, body) = client.send_request(head(self, request)?, ends)?;
                let (head, answer) = answer.await?.into_parts();
                if head.status != 200 {
                    bail!("answered with {}", head.status);
                }
                answers.push(answer);
                bodies.push(body);
            }
            anyhow::Ok((answers, bodies))
        })?;
        Ok(Held {
            runtime,
            answers,
            _bodies: bodies,
        })
    }
}

impl Held {
    /// Waits until an answer breaks off, taking what still comes of it.
    ///
    /// # Errors
    /// When it does not within the limit, or ends as if it were whole.
    pub fn breaks_off(&mut self, index: usize, limit: Duration) -> Result<()> {
        let answer = self.answers.get_mut(index).context("no such answer")?;
        self.runtime.block_on(async {
            timeout(limit, async {
                loop {
                    match answer.data().await {
                        Some(Ok(data)) => answer.flow_control().release_capacity(data.len())?,
                        Some(Err(error)) if error.is_reset() => return Ok(()),
                        Some(Err(error)) => return Err(error.into()),
                        None => bail!("the answer ended as if it were whole"),
                    }
                }
            })
            .await
            .context("the response continues")?
        })
    }

    /// Waits for more of an answer.
    ///
    /// # Errors
    /// When it broke off, or nothing comes within the limit.
    pub fn goes_on(&mut self, index: usize, limit: Duration) -> Result<()> {
        let answer = self.answers.get_mut(index).context("no such answer")?;
        self.runtime.block_on(async {
            let data = timeout(limit, answer.data()).await.context("no data")?;
            let data = data.context("the answer ended")??;
            Ok(answer.flow_control().release_capacity(data.len())?)
        })
    }
}
