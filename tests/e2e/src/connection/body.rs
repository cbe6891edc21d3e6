//! Where an answer's body ends (RFC 9112, section 6.3).

use anyhow::{Context, Result, bail};
use httparse::Status;

use super::{Answer, Connection};

impl Connection {
    pub(super) fn read_body(&mut self, head: &Answer) -> Result<Vec<u8>> {
        if matches!(head.status, 100..200 | 204 | 304) {
            return Ok(Vec::new());
        }
        if let Some(length) = head.header("content-length") {
            return self.take(length.parse()?);
        }
        match head.header("transfer-encoding") {
            Some("chunked") => self.read_chunks(),
            Some(other) => bail!("unknown transfer-encoding {other}"),
            None => self.read_to_end(),
        }
    }

    fn read_chunks(&mut self) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let size = self.read_chunk_size()?;
            let chunk = self.take(size)?;
            body.extend(chunk);
            // After the last, empty chunk too: Envoy sends no trailers over HTTP/1.
            let end = self.take(2)?;
            if end != b"\r\n" {
                bail!("a chunk that does not end");
            }
            if size == 0 {
                return Ok(body);
            }
        }
    }

    fn read_chunk_size(&mut self) -> Result<usize> {
        loop {
            let parsed = httparse::parse_chunk_size(&self.received);
            match parsed.ok().context("not the size of a chunk")? {
                Status::Complete((start, size)) => {
                    self.received.drain(..start);
                    return Ok(usize::try_from(size)?);
                }
                Status::Partial => self.receive()?,
            }
        }
    }

    fn take(&mut self, count: usize) -> Result<Vec<u8>> {
        while self.received.len() < count {
            self.receive()?;
        }
        Ok(self.received.drain(..count).collect())
    }

    fn read_to_end(&mut self) -> Result<Vec<u8>> {
        while self.receive_or_end()? > 0 {}
        Ok(std::mem::take(&mut self.received))
    }
}
